// SPDX-License-Identifier: Apache-2.0

// Manifest is the program of kheaders_manifest_test: it holds an archive's
// manifest against a golden file, or writes the golden file.
package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/archive/manifest"
	"github.com/rules-kheaders/rules_kheaders/internal/cli"
	"github.com/rules-kheaders/rules_kheaders/internal/cli/atomicfile"
	"github.com/rules-kheaders/rules_kheaders/internal/cli/infile"
)

// A spec is the JSON that the rule writes; paths are relative to the runfiles.
type spec struct {
	Manifest string          `json:"manifest"`
	Golden   string          `json:"golden"`
	Detail   manifest.Detail `json:"detail"`
	Folders  []string        `json:"folders"`
	Archive  string          `json:"archive"` // the label, for messages
	Update   string          `json:"update"`  // the label of the target that writes the golden file
	Write    bool            `json:"write"`   // this is that target
}

var program = cli.Command{
	Name:    "manifest",
	Usage:   "[FILE]",
	Summary: "hold an archive's manifest against a golden file, as the JSON FILE, or KHEADERS_MANIFEST_TEST, says",
	Run:     run,
}

func main() { os.Exit(program.Main(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, _ io.Writer) error {
	file, err := cli.Specification(args, "KHEADERS_MANIFEST_TEST")
	if err != nil {
		return err
	}
	var s spec
	if err := cli.ReadJSON(file, &s); err != nil {
		return err
	}
	lines, err := s.lines()
	if err != nil {
		return err
	}
	if s.Write {
		return s.write(lines, stdout)
	}
	return s.compare(lines, stdout)
}

// lines returns what the golden file has to hold.
func (s spec) lines() ([]string, error) {
	p, err := infile.ReadFile(s.Manifest)
	if err != nil {
		return nil, err
	}
	entries, err := manifest.Parse(s.Manifest, p)
	if err != nil {
		return nil, err
	}
	return manifest.Golden(entries, s.Detail, s.Folders)
}

func (s spec) compare(lines []string, stdout io.Writer) error {
	p, err := infile.ReadFile(s.Golden)
	if err != nil {
		return err
	}
	golden := strings.FieldsFunc(string(p), func(r rune) bool { return r == '\n' })
	removed, added := manifest.CompareLines(golden, lines)
	if string(p) == strings.Join(lines, "\n")+"\n" {
		return nil
	}
	for _, l := range removed {
		fmt.Fprintf(stdout, "- %s\n", l)
	}
	for _, l := range added {
		fmt.Fprintf(stdout, "+ %s\n", l)
	}
	what := fmt.Sprintf("lacks %d lines of %s and has %d others", len(removed), s.Golden, len(added))
	if len(removed)+len(added) == 0 {
		what = "has the lines of " + s.Golden + ", and it is sorted or spaced otherwise"
	}
	return fmt.Errorf("%s %s; if that is meant: bazel run %s", s.Archive, what, s.Update)
}

// write writes the golden file of the workspace that `bazel run` was called in.
func (s spec) write(lines []string, stdout io.Writer) error {
	workspace := os.Getenv("BUILD_WORKSPACE_DIRECTORY")
	if workspace == "" || !filepath.IsLocal(s.Golden) {
		return fmt.Errorf("write %s: expected to be started by `bazel run %s` in the workspace that has the file", s.Golden, s.Update)
	}
	file := filepath.Join(workspace, s.Golden)
	err := atomicfile.WriteBytes(file, 0o644, []byte(strings.Join(lines, "\n")+"\n"))
	if err == nil {
		_, err = fmt.Fprintf(stdout, "manifest: %s has %d lines\n", file, len(lines))
	}
	return err
}
