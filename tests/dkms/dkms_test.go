// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"os"
	"os/exec"
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

// object compiles a module's stand-in.
func object(t *testing.T, source string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "x.o")
	cmd := exec.Command("gcc", "-x", "c", "-c", "-o", file, "-")
	cmd.Stdin = strings.NewReader(source)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("gcc: %v\n%s", err, out)
	}
	return file
}

func TestCompare(t *testing.T) {
	a, b := object(t, "int x = 1; const int y = 1;"), object(t, "int x = 2; const int y = 2;")
	for _, test := range []struct {
		name    string
		headers map[string]string
		archive map[string]string
		differ  []string
		wrong   string
	}{
		{"same", map[string]string{"x.ko": a}, map[string]string{"x.ko": a}, nil, ""},
		{"different", map[string]string{"x.ko": a}, map[string]string{"x.ko": b}, []string{".data", ".rodata"}, "x.ko: section .data is another"},
		{"lacks", map[string]string{"x.ko": a}, nil, nil, "x.ko: linux-headers build it, the archive does not"},
		{"more", nil, map[string]string{"x.ko": a}, nil, "x.ko: the archive builds it, linux-headers do not"},
	} {
		got, err := compare(test.headers, test.archive)
		if err != nil {
			t.Fatal(err)
		}
		wrong := errors.Join(got.wrong...)
		if !slices.Equal(got.differ, test.differ) || (wrong == nil) != (test.wrong == "") || wrong != nil && !strings.HasPrefix(wrong.Error(), test.wrong) {
			t.Errorf("compare %s: got %q, %v; want %q, %q", test.name, got.differ, wrong, test.differ, test.wrong)
		}
	}
}

func TestDifferent(t *testing.T) {
	r := &row{pkg: pkg{name: "a"}, results: [2]result{{verdict: builds}, {verdict: "fails: no rule"}}}
	if err := different([]*row{r}); err == nil || err.Error() != `a: got "fails: no rule" with the archive, expected "builds" as with linux-headers` {
		t.Errorf("different: got %v", err)
	}
	r.results[1].verdict = builds
	if err := different([]*row{r}); err != nil {
		t.Errorf("different: got %v, want none", err)
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
	if want := "Kernel 6.1: 2 packages, of which 2 have the same verdict on both sides and 1 build 2 modules.\n"; !strings.Contains(string(text), want) {
		t.Errorf("table: got %q, want %q in it", text, want)
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
