// SPDX-License-Identifier: Apache-2.0

// Reference writes the reference of the rules as Markdown, from what Bazel's
// starlark_doc_extract reads out of the .bzl files.
package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/cli"
	"github.com/rules-kheaders/rules_kheaders/internal/cli/atomicfile"
	"github.com/rules-kheaders/rules_kheaders/internal/cli/infile"
)

var program = cli.Command{
	Name:    "reference",
	Usage:   "--out FILE EXTRACT…",
	Summary: "write the reference of the rules from what starlark_doc_extract wrote",
	Run:     run,
}

func main() { os.Exit(program.Main(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, _, _ io.Writer) error {
	flags := cli.NewFlags()
	out := flags.String("out", "", "the Markdown `FILE` to write")
	extracts, err := cli.Parse(flags, args)
	if err != nil {
		return err
	}
	if *out == "" || len(extracts) == 0 {
		return cli.Usagef("expected --out FILE and what starlark_doc_extract wrote")
	}
	var text bytes.Buffer
	text.WriteString("<!-- Made by //docs:reference; a test holds it. -->\n")
	for _, file := range extracts {
		content, err := infile.ReadFile(file)
		if err != nil {
			return err
		}
		m, err := parseModule(content)
		if err != nil {
			return fmt.Errorf("read %s: %w; expected what starlark_doc_extract wrote", file, err)
		}
		m.write(&text)
	}
	return atomicfile.WriteBytes(*out, 0o644, text.Bytes())
}

// write writes a module's symbols as Markdown.
func (m module) write(w *bytes.Buffer) {
	fmt.Fprintf(w, "\n# `%s`\n\n%s\n", m.file, strings.TrimSpace(m.doc))
	for _, r := range m.rules {
		fmt.Fprintf(w, "\n## %s\n\n%s\n", r.name, strings.TrimSpace(r.doc))
		writeAttributes(w, r.attributes)
	}
	for _, r := range m.macros {
		fmt.Fprintf(w, "\n## %s (macro)\n\n%s\n", r.name, strings.TrimSpace(r.doc))
		writeAttributes(w, r.attributes)
	}
	for _, f := range m.functions {
		fmt.Fprintf(w, "\n## %s (function)\n\n%s\n", f.name, strings.TrimSpace(f.doc))
		f.writeParameters(w)
	}
	for _, e := range m.extensions {
		fmt.Fprintf(w, "\n## %s (module extension)\n\n%s\n", e.name, strings.TrimSpace(e.doc))
		for _, tag := range e.tags {
			fmt.Fprintf(w, "\n### %s.%s\n\n%s\n", e.name, tag.name, strings.TrimSpace(tag.doc))
			writeAttributes(w, tag.attributes)
		}
	}
	for _, p := range m.providers {
		fmt.Fprintf(w, "\n## %s (provider)\n\n%s\n\n| field | |\n|---|---|\n", p.name, strings.TrimSpace(p.doc))
		for _, f := range p.attributes {
			fmt.Fprintf(w, "| `%s` | %s |\n", f.name, cell(f.doc))
		}
	}
}

func writeAttributes(w *bytes.Buffer, attributes []attribute) {
	w.WriteString("\n| attribute | type | default | |\n|---|---|---|---|\n")
	for _, a := range attributes {
		value := "required"
		if !a.mandatory {
			value = "`" + a.value + "`"
		}
		fmt.Fprintf(w, "| `%s` | %s | %s | %s |\n", a.name, a.kind, cell(value), cell(a.doc))
	}
}

// writeParameters writes what a function takes and returns.
func (s symbol) writeParameters(w *bytes.Buffer) {
	if s.deprecated != "" {
		fmt.Fprintf(w, "\nDeprecated: %s\n", strings.TrimSpace(s.deprecated))
	}
	if len(s.attributes) > 0 {
		w.WriteString("\n| parameter | default | |\n|---|---|---|\n")
	}
	for _, p := range s.attributes {
		value := ""
		switch {
		case p.mandatory:
			value = "required"
		case p.value != "": // *args and **kwargs have none
			value = "`" + p.value + "`"
		}
		fmt.Fprintf(w, "| `%s` | %s | %s |\n", p.name, cell(value), cell(p.doc))
	}
	if s.returns != "" {
		fmt.Fprintf(w, "\nReturns: %s\n", strings.TrimSpace(s.returns))
	}
}

// cell is text that fits into a row of a table.
func cell(text string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "|", `\|`)
}
