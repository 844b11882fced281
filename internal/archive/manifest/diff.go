// SPDX-License-Identifier: Apache-2.0

package manifest

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/cli/printable"
)

// Diff is what tells one manifest from another. Names are sorted.
type Diff struct {
	Added   []Entry  `json:"added"`
	Removed []Entry  `json:"removed"`
	Changed []Change `json:"changed"` // content or mode
	Growth  int64    `json:"growth"`  // bytes of content, all members together
}

// Change is a member that both have and that differs.
type Change struct {
	Old Entry `json:"old"`
	New Entry `json:"new"`
}

// Compare returns what changed from one manifest to the next.
func Compare(from, to []Entry) Diff {
	d := Diff{Added: []Entry{}, Removed: []Entry{}, Changed: []Change{}}
	old := make(map[string]Entry, len(from))
	for _, e := range from {
		old[e.Name] = e
		d.Growth -= e.Size
	}
	for _, e := range to {
		d.Growth += e.Size
		was, ok := old[e.Name]
		switch delete(old, e.Name); {
		case !ok:
			d.Added = append(d.Added, e)
		case was != e:
			d.Changed = append(d.Changed, Change{was, e})
		}
	}
	for _, e := range old {
		d.Removed = append(d.Removed, e)
	}
	byName := func(a, b Entry) int { return strings.Compare(a.Name, b.Name) }
	slices.SortFunc(d.Added, byName)
	slices.SortFunc(d.Removed, byName)
	slices.SortFunc(d.Changed, func(a, b Change) int { return byName(a.New, b.New) })
	return d
}

// Empty reports whether the two are the same.
func (d Diff) Empty() bool { return len(d.Added)+len(d.Removed)+len(d.Changed) == 0 }

// Text writes a line for each member, in order of their names, and a sum.
//
//	~ 100 -> 120 (+20) include/linux/changed.h
//	+ 1024 include/linux/new.h
//	- 512 include/linux/old.h
func (d Diff) Text(w io.Writer) error {
	type line struct{ name, text string }
	var lines []line
	for _, e := range d.Added {
		lines = append(lines, line{e.Name, fmt.Sprintf("+ %d %s", e.Size, e.Name)})
	}
	for _, e := range d.Removed {
		lines = append(lines, line{e.Name, fmt.Sprintf("- %d %s", e.Size, e.Name)})
	}
	for _, c := range d.Changed {
		text := fmt.Sprintf("~ %d -> %d (%+d) %s", c.Old.Size, c.New.Size, c.New.Size-c.Old.Size, c.New.Name)
		if c.Old.Mode != c.New.Mode {
			text += fmt.Sprintf(", mode %04o -> %04o", c.Old.Mode, c.New.Mode)
		}
		lines = append(lines, line{c.New.Name, text})
	}
	slices.SortFunc(lines, func(a, b line) int { return strings.Compare(a.name, b.name) })
	var b bytes.Buffer
	for _, l := range lines {
		fmt.Fprintln(&b, printable.Text(l.text))
	}
	fmt.Fprintf(&b, "%d added, %d removed, %d changed: %+d bytes of content\n", len(d.Added), len(d.Removed), len(d.Changed), d.Growth)
	_, err := w.Write(b.Bytes())
	return err
}
