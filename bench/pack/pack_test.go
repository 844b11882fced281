// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rules-kheaders/rules_kheaders/bench/internal/bench"
	"github.com/rules-kheaders/rules_kheaders/internal/archive/lzma2"
)

func TestErrors(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	all := "-headers " + self + " -symvers " + self + " -config " + self + " -linux " + self + " -packer " + self
	for _, tt := range []struct{ args, want string }{
		{"", "FILE is required: start this by 'tools/bazel run //bench:pack'"},
		{"-runs 0", "runs are 0: expected at least one"},
		{"x", `unexpected argument "x"`},
		{all + " -packer /no/such/packer", "/no/such/packer: no such file"},
		{"-prepare /no/such/tree", "/no/such/tree: no such file"},
	} {
		var out strings.Builder
		if err := run(context.Background(), strings.Fields(tt.args), &out); err == nil || !strings.Contains(err.Error(), tt.want) || out.Len() > 0 {
			t.Errorf("%s: got %v and %q, want %q", tt.args, err, out.String(), tt.want)
		}
	}
	t.Setenv("PATH", t.TempDir())
	if err := run(context.Background(), strings.Fields(all), os.Stdout); err == nil || !strings.Contains(err.Error(), "apt-get install coreutils cpio dash findutils perl tar xz-utils") {
		t.Errorf("no programs: got %v", err)
	}
}

func TestPrepare(t *testing.T) {
	if err := prepare(smallTree(t)); err != nil {
		t.Error(err)
	}
}

// smallTree returns a tree with a few headers.
func smallTree(t *testing.T) string {
	tree := t.TempDir()
	for name, content := range map[string]string{
		"arch/x86/include/asm/page.h":          "#define PAGE_SHIFT 12 /* 4 KiB */\n",
		"arch/x86/include/generated/asm/irq.h": "int irq;\n",
		"include/config/kernel.release":        "6.1.0\n",
		"include/generated/autoconf.h":         "int conf;\n",
	} {
		file := filepath.Join(tree, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return tree
}

// digits are what differs between two runs; a dash is for what was not measured yet.
var digits = regexp.MustCompile(`\d+\.\d+|–`)

// TestTable compares the shape of the document's table with that which the
// benchmark writes: its numbers are of one run.
func TestTable(t *testing.T) {
	doc, err := os.ReadFile("../../docs/archive.md")
	if err != nil {
		t.Fatal(err)
	}
	var figures []bench.Figure
	for _, p := range presets {
		figures = append(figures, bench.Figure{Name: p + "_wall_ratio", Value: 0.25}, bench.Figure{Name: p + "_bytes_ratio", Value: 0.75})
	}
	for _, p := range []string{"default", "smallest"} {
		figures = append(figures, bench.Figure{Name: "module_" + p + "_bytes_ratio", Value: 0.875})
	}
	got, err := replaceTable(doc, table(figures))
	if err != nil {
		t.Fatal(err)
	}
	if want := digits.ReplaceAllString(string(doc), "N"); digits.ReplaceAllString(string(got), "N") != want {
		t.Error("docs/archive.md: the table is not as the benchmark writes it: run tools/bazel run //bench:pack -- -doc $PWD/docs/archive.md")
	}
	if !strings.Contains(string(got), "| 0.750 | 0.250 | 0.875 |") {
		t.Error("the figures are not in the table")
	}
	if _, err := replaceTable([]byte("no table"), ""); err == nil || !strings.Contains(err.Error(), "//bench:pack") {
		t.Errorf("no table: got %v", err)
	}
}

// TestTraced computes the critical path of a small tree. Its clock counts its
// calls: a thread's own has seen no time pass after so little work.
func TestTraced(t *testing.T) {
	var calls atomic.Int64
	clock := func() time.Duration { return time.Duration(calls.Add(1)) }
	trace, err := traced(smallTree(t), lzma2.Default, 16, clock)
	if err != nil {
		t.Fatal(err)
	}
	if got := vsIdeal(trace, 1); got != 1 {
		t.Errorf("one worker: got %v times the work", got)
	}
	if got := vsIdeal(trace, 16); got < 1 || got > 16 {
		t.Errorf("16 workers: got %v times the ideal", got)
	}
}
