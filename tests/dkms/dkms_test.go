// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestChoose(t *testing.T) {
	var all []pkg
	for _, name := range strings.Fields("a b c d e f g h i j k l") {
		all = append(all, pkg{name: name})
	}
	for _, test := range []struct {
		names []string
		part  bool
		want  string
	}{
		{nil, false, "a b c d e f g h i j k l"},
		{nil, true, "a k"},
		{[]string{"l", "b"}, false, "b l"},
		{[]string{"b", "z"}, false, "find packages b, z: 1 of them are here; expected some of a, b, c, d, e, f, g, h, i, j, k, l"},
	} {
		chosen, err := choose(all, test.names, test.part)
		var got []string
		for _, p := range chosen {
			got = append(got, p.name)
		}
		if err != nil {
			got = []string{err.Error()}
		}
		if got := strings.Join(got, " "); got != test.want {
			t.Errorf("choose(%q, %v): got %q, want %q", test.names, test.part, got, test.want)
		}
	}
}

func TestPackages(t *testing.T) {
	root := t.TempDir()
	for dir, text := range map[string]string{
		"a-b-1.0-2": "# a comment\nPACKAGE_VERSION=1.0-2\nPACKAGE_NAME=\"a-b\"\n",
		"c-3":       "PACKAGE_NAME=c\n",
	} {
		dir = filepath.Join(root, "usr/src", dir)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "dkms.conf"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := packages(root)
	if want := []pkg{{"a-b", "1.0-2"}, {"c", "3"}}; err != nil || !slices.Equal(got, want) {
		t.Errorf("packages: got %v, %v; want %v", got, err, want)
	}
}

func TestUnequal(t *testing.T) {
	a := map[string][]byte{".text": {1}, ".data": {2}, ".bss": {3}}
	b := map[string][]byte{".text": {1}, ".data": {9}, ".init": {3}}
	if got, want := unequal(a, b), []string{".bss", ".data", ".init"}; !slices.Equal(got, want) {
		t.Errorf("unequal: got %q, want %q", got, want)
	}
}

func TestTable(t *testing.T) {
	docs := filepath.Join(t.TempDir(), "docs.md")
	if err := os.WriteFile(docs, []byte("before\n"+begin+end+"after\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	rowOf := func(name, version, verdict string) *row {
		return &row{
			pkg:      pkg{name, version},
			results:  [2]result{{verdict: verdict}, {verdict: verdict, modules: map[string]string{"x.ko": "x"}}},
			compared: compared{same: 7, differ: []string{"__bug_table"}},
		}
	}
	for _, r := range []*row{rowOf("b", "1", builds), rowOf("a", "1", "fails: a | b"), rowOf("b", "2", builds)} {
		if err := writeTable(docs, "6.1", r); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	want := "| a | 1 | fails: a / b | fails: a / b | 1 | 7 | `__bug_table` |\n| b | 2 | builds | builds | 1 | 7 | `__bug_table` |\n" + end + "after\n"
	if !strings.HasSuffix(string(text), want) {
		t.Errorf("table: got %q, want the end %q", text, want)
	}
	if err := compareTable(docs, []*row{rowOf("a", "9", "fails: a | b"), rowOf("b", "9", builds)}); err != nil {
		t.Errorf("compareTable: %v", err)
	}
	for _, r := range []*row{rowOf("a", "1", builds), rowOf("c", "1", builds)} {
		if err := compareTable(docs, []*row{r}); err == nil {
			t.Errorf("compareTable of %s: got no error", r.pkg.name)
		}
	}
}
