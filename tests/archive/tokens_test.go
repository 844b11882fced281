// SPDX-License-Identifier: Apache-2.0

//go:build bazel

// Package archive holds what is packed from the demo's kernel against gcc,
// upstream's script and the kernel's own make.
package archive

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/internal/headers/cstrip"
)

// header is a file of the kernel.
type header struct {
	name string
	text []byte
}

func headers(t *testing.T) (all []header) {
	t.Helper()
	f, err := os.Open(os.Getenv("HEADERS"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := tar.NewReader(f)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(h.Name, ".h") {
			continue
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, header{h.Name, text})
	}
}

// preprocess runs gcc's preprocessor over many files in one process, with a mark
// before each, and returns what it makes of each. A process takes longer to
// start than a header to read.
func preprocess(files []header) ([][]byte, error) {
	var in bytes.Buffer
	for i, f := range files {
		// An empty line ends what a backslash at the end of a file would join on.
		fmt.Fprintf(&in, "\n\n%s%d\n# 1 \"%d.h\"\n", mark, i, i)
		in.Write(indented.ReplaceAll(f.text, []byte("#")))
	}
	fmt.Fprintf(&in, "\n\n%s%d\n", mark, len(files))
	cmd := exec.Command("gcc", "-fpreprocessed", "-dD", "-E", "-w", "-x", "c", "-")
	cmd.Stdin = &in
	// The status is not looked at: #error lines and poisoned names are there to
	// be complained of.
	out, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		return nil, err
	}
	marks := markLine.FindAllSubmatchIndex(out, -1)
	if len(marks) != len(files)+1 {
		return nil, fmt.Errorf("gcc left %d of %d marks: a comment, or a string, goes on from one file into the next", len(marks), len(files)+1)
	}
	results := make([][]byte, len(files))
	for i := range files {
		if n, _ := strconv.Atoi(string(out[marks[i][2]:marks[i][3]])); n != i {
			return nil, fmt.Errorf("mark %d came in place %d", n, i)
		}
		results[i] = out[marks[i][1]:marks[i+1][0]]
	}
	return results, nil
}

// indented is the beginning of a directive that is indented. To gcc -fpreprocessed
// only one in the first column is a directive, and the text of others is as it was.
var indented = regexp.MustCompile(`(?m)^[ \t]+#`)

const mark = "begin_file_"

var (
	markLine   = regexp.MustCompile(`(?m)^[ \t]*` + mark + `([0-9]+)$`)
	lineMarker = regexp.MustCompile(`(?m)^# ([0-9]+) "[0-9]+\.h".*$`)
)

// line is the text of a line, its blanks as one each. That is as good as its
// tokens: where two were joined, or one was cut, it differs.
type line struct {
	number int
	text   string
}

// lines returns the lines with text, as gcc numbers them.
func lines(p []byte) (all []line) {
	n := 1
	for l := range bytes.Lines(p) {
		if m := lineMarker.FindSubmatch(l); m != nil {
			n, _ = strconv.Atoi(string(m[1]))
			continue
		}
		if words := bytes.Fields(l); len(words) > 0 {
			all = append(all, line{n, string(bytes.Join(words, []byte{' '}))})
		}
		n++
	}
	return all
}

// difference says where two files differ first, or "" if they do not.
func difference(got, want []line, numbers bool) string {
	for i := range max(len(got), len(want)) {
		switch {
		case i == len(got):
			return fmt.Sprintf("ends before line %d, %q", want[i].number, want[i].text)
		case i == len(want):
			return fmt.Sprintf("goes on with line %d, %q", got[i].number, got[i].text)
		case got[i].text != want[i].text, numbers && got[i].number != want[i].number:
			return fmt.Sprintf("got line %d, %q, want line %d, %q", got[i].number, got[i].text, want[i].number, want[i].text)
		}
	}
	return ""
}

// TestTokens compares what gcc reads in every header of the kernel before and
// after its comments are taken out.
func TestTokens(t *testing.T) {
	all := headers(t)
	if len(all) < 6000 {
		t.Fatalf("got %d headers, want those of a kernel", len(all))
	}
	changed := 0
	for batch := range slices.Chunk(all, 250) {
		want, err := preprocess(batch)
		if err != nil {
			t.Fatalf("%s...: %v", batch[0].name, err)
		}
		for mode, name := range map[cstrip.Mode]string{cstrip.Compact: "strip", cstrip.KeepLines: "lines"} {
			stripped := make([]header, len(batch))
			for i, f := range batch {
				stripped[i] = header{f.name, cstrip.Append(nil, f.text, mode)}
				if !bytes.Equal(stripped[i].text, f.text) {
					changed++
				}
			}
			got, err := preprocess(stripped)
			if err != nil {
				t.Errorf("%s, %s...: %v", name, batch[0].name, err)
				continue
			}
			for i, f := range batch {
				if d := difference(lines(got[i]), lines(want[i]), mode == cstrip.KeepLines); d != "" {
					t.Errorf("%s %s: %s", name, f.name, d)
				}
			}
		}
	}
	if changed < len(all) {
		t.Errorf("%d of %d files were changed, want most of them in both modes", changed, 2*len(all))
	}
}

// TestTokensDiffer is what TestTokens relies on: gcc shows what a careless
// stripper does, as upstream's regular expression does to asm/asm.h.
func TestTokensDiffer(t *testing.T) {
	for _, tt := range []struct {
		before, after string
		numbers       bool
	}{
		{`char *s = "/* a */";`, `char *s = "";`, false},
		{"int a/**/b;", "int ab;", false},
		{"#define A 1 /* one\n*/ + 1", "#define A 1\n + 1", false},
		{"#define A \"/*\"\nint i; // */", "#define A \"", false},
		{"/* one\n*/\nint i;", "int i;", true},
	} {
		all, err := preprocess([]header{{"before.h", []byte(tt.before)}, {"after.h", []byte(tt.after)}})
		if err != nil {
			t.Fatal(err)
		}
		if difference(lines(all[1]), lines(all[0]), tt.numbers) == "" {
			t.Errorf("%q and %q: got %q for both, want a difference", tt.before, tt.after, all[0])
		}
	}
}
