// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/cli/atomicfile"
)

// What is between these lines of docs/ebpf.md is written by this program.
const (
	tableBegin = "<!-- written by tools/bazel run //tests/bpf_corpus -- --write -->\n"
	tableEnd   = "<!-- end -->\n"
)

// line is a row of the table.
func line(r *row) string {
	counts := ""
	if r.counted {
		counts = "yes"
	}
	var b strings.Builder
	for _, cell := range []string{r.kind, r.name, r.verdicts[0], r.verdicts[1], r.loaded, counts} {
		b.WriteString("| " + shorten(cell) + " ")
	}
	return b.String() + "|\n"
}

// parseLine is line's row; ok is false for another line.
func parseLine(text string) (r *row, ok bool) {
	cells := strings.Split(strings.TrimSpace(text), "|")
	for i := range cells {
		cells[i] = strings.TrimSpace(cells[i])
	}
	if len(cells) != 8 || !slices.Contains(kinds, cells[1]) || cells[2] == "" {
		return nil, false
	}
	return &row{kind: cells[1], name: cells[2], verdicts: [2]string{cells[3], cells[4]}, loaded: cells[5], counted: cells[6] == "yes"}, true
}

// shorten keeps a verdict to what fits in a table, and to its cell.
func shorten(verdict string) string {
	verdict = strings.NewReplacer("|", "/", "<", "&lt;").Replace(strings.Join(strings.Fields(verdict), " "))
	if runes := []rune(verdict); len(runes) > 120 {
		return string(runes[:120]) + "…"
	}
	return verdict
}

// table is a summary, a line a kind, and then all rows.
func table(release string, rows []*row) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Kernel %s.\n\n| | programs | same verdict | compile | load in a guest | count |\n|---|---|---|---|---|---|\n", release)
	for _, kind := range kinds {
		of := func(is func(r *row) bool) int {
			n := 0
			for _, r := range rows {
				if r.kind == kind && is(r) {
					n++
				}
			}
			return n
		}
		if of(func(*row) bool { return true }) == 0 {
			continue
		}
		fmt.Fprintf(&b, "| all of %s | %d | %d | %d | %d | %d |\n", kind,
			of(func(*row) bool { return true }),
			of(func(r *row) bool { return r.verdicts[0] == r.verdicts[1] }),
			of(func(r *row) bool { return r.verdicts[0] == "compiles" }),
			of((*row).loads),
			of(func(r *row) bool { return r.counted }))
	}
	b.WriteString("\n| of | program | archive | linux-headers | in the guest | counts |\n|---|---|---|---|---|---|\n")
	for _, r := range rows {
		b.WriteString(line(r))
	}
	return b.String()
}

// split cuts the document into what is before the table, the table, and the rest.
func split(docs string) (before, old, after string, err error) {
	text, err := os.ReadFile(docs)
	if err != nil {
		return "", "", "", err
	}
	before, rest, begins := strings.Cut(string(text), tableBegin)
	old, after, ends := strings.Cut(rest, tableEnd)
	if !begins || !ends {
		return "", "", "", fmt.Errorf("read %s: no table; expected it between %q and %q", docs, strings.TrimSpace(tableBegin), strings.TrimSpace(tableEnd))
	}
	return before + tableBegin, old, tableEnd + after, nil
}

// writeTable writes the rows, and those of before of kinds that were not run.
func writeTable(docs, release string, rows []*row) error {
	before, old, after, err := split(docs)
	if err != nil {
		return err
	}
	ran := map[string]bool{}
	for _, r := range rows {
		ran[r.kind] = true
	}
	for text := range strings.Lines(old) {
		if r, ok := parseLine(text); ok && !ran[r.kind] {
			rows = append(rows, r)
		}
	}
	slices.SortStableFunc(rows, func(a, b *row) int { return slices.Index(kinds, a.kind) - slices.Index(kinds, b.kind) })
	if err := atomicfile.WriteBytes(docs, 0o644, []byte(before+"\n"+table(release, rows)+"\n"+after)); err != nil {
		return err
	}
	return enough(rows, false)
}

// enough is the other half of the test: programs are loaded, and count.
func enough(rows []*row, part bool) error {
	wantLoaded, wantCounted := wantLoaded, wantCounted
	if part {
		wantLoaded, wantCounted = wantLoaded/10, 0
	}
	var loaded, counted int
	for _, r := range rows {
		if r.loads() {
			loaded++
		}
		if r.counted {
			counted++
		}
	}
	if loaded < wantLoaded || counted < wantCounted {
		return fmt.Errorf("%d programs were loaded and %d counted, expected at least %d and %d", loaded, counted, wantLoaded, wantCounted)
	}
	return nil
}

// compareTable wants the verdicts to be those of the table. Of a part, rows that
// the table has count.
func compareTable(docs string, rows []*row, part bool) error {
	_, old, _, err := split(docs)
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for text := range strings.Lines(old) {
		if r, ok := parseLine(text); ok {
			known[r.kind+" "+r.name] = true
		}
	}
	var errs []error
	for _, r := range rows {
		if part && !known[r.kind+" "+r.name] {
			continue
		}
		if want := line(r); !strings.Contains(old, want) {
			errs = append(errs, fmt.Errorf("%s has no line %q; run tools/bazel run //tests/bpf_corpus -- --write", docs, strings.TrimSpace(want)))
		}
	}
	return errors.Join(append(errs, enough(rows, part))...)
}
