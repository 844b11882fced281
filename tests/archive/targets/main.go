// SPDX-License-Identifier: Apache-2.0

// Targets writes the table of make targets into docs/archive.md. The test beside
// it runs each of them in an unpacked archive of each series.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/cli/atomicfile"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "targets:", err)
		os.Exit(1)
	}
}

// document is the file with the table, relative to the workspace.
const document = "docs/archive.md"

// The lines between which the table is.
const begin, end = "<!-- begin: //tests/archive/targets -->\n", "<!-- end -->\n"

func run(args []string, stdout io.Writer) error {
	if len(args) > 0 {
		return fmt.Errorf("arguments %q: expected none; the table goes to %s", args, document)
	}
	file := filepath.Join(os.Getenv("BUILD_WORKSPACE_DIRECTORY"), document)
	old, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	text, err := replace(string(old))
	if err != nil {
		return fmt.Errorf("write the table into %s: %w", file, err)
	}
	if text == string(old) {
		_, err := fmt.Fprintf(stdout, "%s is up to date\n", document)
		return err
	}
	return atomicfile.WriteBytes(file, 0o644, []byte(text))
}

// replace puts the table between the marks.
func replace(text string) (string, error) {
	before, rest, ok := strings.Cut(text, begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		return "", errors.New("no line " + strings.TrimSpace(begin) + " with " + strings.TrimSpace(end) + " after it; add both")
	}
	return before + begin + table() + end + after, nil
}

// table is Markdown.
func table() string {
	var b strings.Builder
	b.WriteString("| `make -C DIR M=…` | what the archive has for it |\n|---|---|\n")
	for _, t := range targets {
		var members []string
		for _, m := range t.members {
			members = append(members, "`"+m.name+"`"+m.when())
		}
		if members == nil {
			members = []string{t.note}
		}
		fmt.Fprintf(&b, "| `%s` | %s |\n", t.name, strings.Join(members, ", "))
	}
	return b.String()
}
