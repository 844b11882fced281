// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/cli/atomicfile"
)

// document has the table, below the workspace, between these lines.
const (
	document = "docs/modules.md"
	begin    = "<!-- written by tools/bazel run //tests/dkms -- --table -->\n"
	end      = "<!-- end -->\n"
)

// line is a row of the table.
func line(r *row) string {
	differ := "`" + strings.Join(r.differ, "` `") + "`"
	if len(r.differ) == 0 {
		differ = ""
	}
	cells := []string{r.pkg.name, r.pkg.version, shorten(r.results[0].verdict), shorten(r.results[1].verdict),
		fmt.Sprint(len(r.results[1].modules)), fmt.Sprint(r.same), differ}
	return "| " + strings.Join(cells, " | ") + " |\n"
}

// verdictOf are the cells of a line that have to be the same again: a package's
// name, its verdicts and the number of its modules. The version is Debian's.
func verdictOf(text string) (name, verdict string, ok bool) {
	cells := strings.Split(strings.TrimSpace(text), " | ")
	name, begins := strings.CutPrefix(cells[0], "| ")
	if len(cells) < 6 || !begins || name == "package" {
		return "", "", false
	}
	return name, strings.Join(cells[2:5], " | "), true
}

// shorten keeps a verdict to its cell.
func shorten(verdict string) string {
	verdict = strings.NewReplacer("|", "/", "<", "&lt;").Replace(strings.Join(strings.Fields(verdict), " "))
	if runes := []rune(verdict); len(runes) > 120 {
		return string(runes[:120]) + "…"
	}
	return verdict
}

// split cuts the document into what is before the table, the table, and the rest.
func split(docs string) (before, old, after string, err error) {
	text, err := os.ReadFile(docs)
	if err != nil {
		return "", "", "", err
	}
	before, rest, begins := strings.Cut(string(text), begin)
	old, after, ends := strings.Cut(rest, end)
	if !begins || !ends {
		return "", "", "", fmt.Errorf("read %s: no table; expected it between %q and %q", docs, strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	return before + begin, old, end + after, nil
}

// writeTable writes the line of a row, and keeps those of other packages.
func writeTable(docs, release string, r *row) error {
	before, old, after, err := split(docs)
	if err != nil {
		return err
	}
	lines := map[string]string{}
	for text := range strings.Lines(old) {
		if name, _, ok := verdictOf(text); ok {
			lines[name] = text
		}
	}
	lines[r.pkg.name] = line(r)
	return atomicfile.WriteBytes(docs, 0o644, []byte(before+table(release, lines)+after))
}

// table is all lines, by name, and before them what they come to.
func table(release string, lines map[string]string) string {
	var rows strings.Builder
	var same, build, modules int
	for _, name := range slices.Sorted(maps.Keys(lines)) {
		rows.WriteString(lines[name])
		_, verdict, _ := verdictOf(lines[name])
		cells := strings.Split(verdict, " | ")
		if cells[0] == cells[1] {
			same++
		}
		if cells[1] == builds {
			build++
		}
		n, _ := strconv.Atoi(cells[2])
		modules += n
	}
	return fmt.Sprintf("Kernel %s: %d packages, of which %d have the same verdict on both sides and %d build %d modules.\n\n",
		release, len(lines), same, build, modules) +
		"| package | version | with linux-headers | with the archive | modules | sections the same | sections that differ |\n" +
		"|---|---|---|---|---|---|---|\n" + rows.String()
}

// compareTable expects the verdicts to be those of the table.
func compareTable(docs string, rows []*row) error {
	_, old, _, err := split(docs)
	if err != nil {
		return err
	}
	known := map[string]string{}
	for text := range strings.Lines(old) {
		if name, verdict, ok := verdictOf(text); ok {
			known[name] = verdict
		}
	}
	var errs []error
	for _, r := range rows {
		if _, verdict, _ := verdictOf(line(r)); known[r.pkg.name] != verdict {
			errs = append(errs, fmt.Errorf("%s has %q for %s, expected %q; run tools/bazel run //tests/dkms -- --table %s",
				docs, known[r.pkg.name], r.pkg.name, verdict, r.pkg.name))
		}
	}
	return errors.Join(errs...)
}
