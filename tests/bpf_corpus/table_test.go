// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A run of one kind leaves the others' rows; a part wants its own rows to be there.
func TestTable(t *testing.T) {
	docs := filepath.Join(t.TempDir(), "ebpf.md")
	if err := os.WriteFile(docs, []byte("before\n"+tableBegin+tableEnd+"after\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	sample := &row{kind: kindSamples, name: "a_kern.c", verdicts: [2]string{"compiles", "compiles"}, loaded: "loads", counted: true}
	tool := &row{kind: kindBcc, name: "b", verdicts: [2]string{"error: <x> | y", "error: <x> | y"}}
	// There are too few of them, which is no matter of the table.
	for _, r := range []*row{sample, tool} {
		if err := writeTable(docs, "6.1", []*row{r}); err == nil || !strings.Contains(err.Error(), "expected at least 50 and 10") {
			t.Errorf("error = %v, want the count", err)
		}
	}
	other := &row{kind: kindTrace, name: "c"}
	five := []*row{sample, sample, sample, sample, sample, tool, other}
	if err := compareTable(docs, five, true); err != nil {
		t.Error(err)
	}
	if err := compareTable(docs, five[1:], true); err == nil || !strings.Contains(err.Error(), "4 programs were loaded") {
		t.Errorf("too few: error = %v", err)
	}
	if err := compareTable(docs, []*row{other}, false); err == nil || !strings.Contains(err.Error(), "-- --write") {
		t.Errorf("a new program: error = %v", err)
	}
	sample.counted = false
	if err := compareTable(docs, five, true); err == nil || !strings.Contains(err.Error(), "-- --write") {
		t.Errorf("another verdict: error = %v", err)
	}
	text, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"before\n", "| all of samples/bpf | 1 | 1 | 1 | 1 | 1 |\n", "| all of bpfcc-tools | 1 | 1 | 0 | 0 | 0 |\n", "after\n"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the document has no %q:\n%s", want, text)
		}
	}
}

func TestTenth(t *testing.T) {
	all := make([]int, 21)
	if got := len(tenth(true, all)); got != 3 {
		t.Errorf("a part has %d, want 3", got)
	}
	if got := len(tenth(false, all)); got != 21 {
		t.Errorf("the whole has %d, want 21", got)
	}
}
