// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/tests/internal/bazeltest"
)

// explain says in what two files differ, as far as the tools can tell: where they
// begin to; of archives and what carries one, the members and what is said of the
// reservation.
func explain(w io.Writer, tools bazeltest.Workspace, first, second string) {
	if at, err := firstDifference(first, second); err == nil {
		fmt.Fprintf(w, "  from byte %d on\n", at)
	}
	tool := map[string]string{}
	for _, name := range []string{"packer", "patcher"} {
		files, err := tools.Files("//tools/" + name)
		if err != nil || len(files) != 1 {
			fmt.Fprintf(w, "  no //tools/%s to say more: %d files, %v\n", name, len(files), err)
			return
		}
		tool[name] = files[0]
	}
	report(w, tool["packer"], tool["patcher"], first, second)
}

// report runs packer diff on the archives that two files hold, and shows those
// lines of patcher inspect that are not the same.
func report(w io.Writer, packer, patcher, first, second string) {
	var said [2]string
	for i, f := range []string{first, second} {
		out, err := exec.Command(patcher, "inspect", f).CombinedOutput()
		if err != nil {
			fmt.Fprintf(w, "  %s", out)
			return
		}
		said[i] = string(out)
	}
	for _, l := range onlyIn(said[0], said[1]) {
		fmt.Fprintf(w, "  first:  %s\n", l)
	}
	for _, l := range onlyIn(said[1], said[0]) {
		fmt.Fprintf(w, "  second: %s\n", l)
	}
	dir, err := os.MkdirTemp("", "repro-")
	if err != nil {
		fmt.Fprintf(w, "  %v\n", err)
		return
	}
	defer os.RemoveAll(dir)
	archives := []string{filepath.Join(dir, "first.tar.xz"), filepath.Join(dir, "second.tar.xz")}
	for i, f := range []string{first, second} {
		if out, err := exec.Command(patcher, "extract", "--carrier", f, "--out", archives[i]).CombinedOutput(); err != nil {
			fmt.Fprintf(w, "  %s", out)
			return
		}
	}
	// Its exit status says that they differ.
	out, _ := exec.Command(packer, "diff", archives[0], archives[1]).CombinedOutput()
	for l := range strings.Lines(string(out)) {
		fmt.Fprintf(w, "  %s", l)
	}
}

// onlyIn are the lines of a text that another does not have.
func onlyIn(text, other string) (lines []string) {
	has := map[string]bool{}
	for l := range strings.Lines(other) {
		has[l] = true
	}
	for l := range strings.Lines(text) {
		if !has[l] {
			lines = append(lines, strings.TrimRight(l, "\n"))
		}
	}
	return lines
}

// firstDifference is where two files begin to differ.
func firstDifference(first, second string) (int, error) {
	a, err := os.ReadFile(first)
	if err != nil {
		return 0, err
	}
	b, err := os.ReadFile(second)
	if err != nil {
		return 0, err
	}
	if bytes.Equal(a, b) {
		return 0, fmt.Errorf("%s and %s are the same", first, second)
	}
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i, nil
		}
	}
	return n, nil
}
