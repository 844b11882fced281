// SPDX-License-Identifier: Apache-2.0

package manifest

import (
	"fmt"
	"slices"
	"strings"
)

// Detail is how much of an entry a golden file holds.
type Detail string

// The details. Contents vary with compilers, and names do not.
const (
	Names    Detail = "names"
	Modes    Detail = "modes"    // mode and name
	Contents Detail = "contents" // the manifest's own line
)

// Golden returns the lines that a golden file of entries has, sorted by name.
// Headers below the folders are held by their directories alone, each a line with
// a slash at its end: there are thousands, and stable updates bring some.
func Golden(entries []Entry, detail Detail, folders []string) ([]string, error) {
	line := func(e Entry) string { return e.Name }
	switch detail {
	case Names:
	case Modes:
		line = func(e Entry) string { return fmt.Sprintf("%04o %s", e.Mode, e.Name) }
	case Contents:
		line = Entry.String
	default:
		return nil, fmt.Errorf("make golden lines: detail is %q, expected %s, %s or %s", detail, Names, Modes, Contents)
	}
	used := make(map[string]bool)
	byName := make(map[string]string, len(entries))
	for _, e := range entries {
		i := slices.IndexFunc(folders, func(f string) bool { return strings.HasPrefix(e.Name, f+"/") && strings.HasSuffix(e.Name, ".h") })
		if i < 0 {
			byName[e.Name] = line(e)
			continue
		}
		used[folders[i]] = true
		dir := e.Name[:strings.LastIndexByte(e.Name, '/')+1]
		byName[dir] = dir
	}
	for _, f := range folders {
		if !used[f] {
			return nil, fmt.Errorf("make golden lines: no header is below %q; take it out of the folders", f)
		}
	}
	names := make([]string, 0, len(byName))
	for name := range byName {
		names = append(names, name)
	}
	slices.Sort(names)
	lines := make([]string, len(names))
	for i, name := range names {
		lines[i] = byName[name]
	}
	return lines, nil
}

// CompareLines returns what each of two sets of lines has and the other has not,
// in their order.
func CompareLines(golden, lines []string) (removed, added []string) {
	without := func(a, b []string) (rest []string) {
		other := make(map[string]bool, len(b))
		for _, l := range b {
			other[l] = true
		}
		for _, l := range a {
			if !other[l] {
				rest = append(rest, l)
			}
		}
		return rest
	}
	return without(golden, lines), without(lines, golden)
}
