// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/atomicfile"
)

// What is between these lines of docs/ebpf.md is written by this program.
const (
	tableBegin = "<!-- written by tools/bazel run //tests/bpf_corpus -->\n"
	tableEnd   = "<!-- end -->\n"
)

// line is a row of the table.
func line(r *row) string {
	both := func(verdict string) string { return strings.ReplaceAll(shorten(verdict), "|", `\|`) }
	counts := ""
	if r.counted {
		counts = "yes"
	}
	guest := r.loaded
	if r.object == "" && guest == "" && r.verdicts[0] == "loads" {
		guest = "loads"
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s | %s |\n", r.kind, r.name, both(r.verdicts[0]), both(r.verdicts[1]), both(guest), counts)
}

// shorten keeps a verdict to what fits in a table.
func shorten(verdict string) string {
	verdict = strings.TrimSpace(strings.Join(strings.Fields(verdict), " "))
	if runes := []rune(verdict); len(runes) > 120 {
		return string(runes[:120]) + "…"
	}
	return verdict
}

// table is a summary, a line a kind, and then all rows.
func table(release string, rows []*row) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Kernel %s.\n\n| | programs | same verdict | compile | load in a guest | count |\n|---|---|---|---|---|---|\n", release)
	for _, kind := range []string{kindSamples, kindLibbpf, kindBcc, kindTrace} {
		var all, same, compile, load, count int
		for _, r := range rows {
			if r.kind != kind {
				continue
			}
			all++
			if r.verdicts[0] == r.verdicts[1] {
				same++
			}
			if r.verdicts[0] == "compiles" || r.loads() {
				compile++
			}
			if r.loads() {
				load++
			}
			if r.counted {
				count++
			}
		}
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %d | %d |\n", kind, all, same, compile, load, count)
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

func writeTable(docs, release string, rows []*row) error {
	before, _, after, err := split(docs)
	if err != nil {
		return err
	}
	return atomicfile.Write(docs, 0o644, func(f *os.File) error {
		_, err := f.WriteString(before + "\n" + table(release, rows) + "\n" + after)
		return err
	})
}

// compareTable wants the part's verdicts to be those of the table.
func compareTable(docs string, rows []*row) error {
	_, old, _, err := split(docs)
	if err != nil {
		return err
	}
	var errs []error
	for _, r := range rows {
		if want := line(r); !strings.Contains(old, want) {
			errs = append(errs, fmt.Errorf("%s has no line %q; run the whole: tools/bazel run //tests/bpf_corpus", docs, strings.TrimSpace(want)))
		}
	}
	return errors.Join(errs...)
}
