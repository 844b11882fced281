// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"slices"
	"strings"
	"testing"
)

func TestPattern(t *testing.T) {
	tests := []struct {
		pattern, name string
		match, below  bool
	}{
		{"Makefile", "Makefile", true, false},
		{"Makefile", "scripts/Makefile", false, false},
		{"scripts/mod/modpost", "scripts", false, true},
		{"scripts/mod/modpost", "scripts/mod", false, true},
		{"scripts/mod/modpost", "scripts/mod/modpost", true, false},
		{"include/**/*.h", "include", false, true},
		{"include/**/*.h", "include/a.h", true, true},
		{"include/**/*.h", "include/a/b/c.h", true, true},
		{"include/**/*.h", "include/a.hh", false, true},
		{"include/**/*.h", "xinclude/a.h", false, false},
		{"**/vmlinux", "vmlinux", true, true},
		{"**/vmlinux", "a/b/vmlinux", true, true},
		{"include/**", "include/a", true, true},
		{"include/**", "include", true, true},
		{"a/**/b/**/c", "a/x/b/y/z/c", true, true},
		{"a/**/b/**/c", "a/x/c", false, true},
		{"a/*/c", "a/b/c", true, false},
		{"a/*/c", "a/b/b/c", false, false},
		{"a.{c,h}", "a.h", true, false},
		{"a.{c,h}", "a.s", false, false},
		{"a{,.o}", "a", true, false},
		{"{a,b}/{c,d}", "b/c", true, false},
		{"{a,b}/{c,d}", "b", false, true},
		{"Makefile{_,.,-}*", "Makefile_32.cpu", true, false},
		{"Makefile{_,.,-}*", "Makefiles", false, false},
	}
	for _, tt := range tests {
		p, err := CompilePattern(tt.pattern)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.Split(tt.name, "/")
		if got := p.Match(name); got != tt.match {
			t.Errorf("%s matches %s: got %v, want %v", tt.pattern, tt.name, got, tt.match)
		}
		if got := p.Below(name); got != tt.below {
			t.Errorf("%s matches below %s: got %v, want %v", tt.pattern, tt.name, got, tt.below)
		}
	}
}

func TestCompilePatternErrors(t *testing.T) {
	for _, text := range []string{"", "/a", "a//b", "a/", "./a", "../a", "a/..", "[", "{a", "a}", "{a,{b,c}}", strings.Repeat("{a,b}", 7)} {
		if p, err := CompilePattern(text); err == nil || !strings.HasPrefix(err.Error(), "read pattern ") {
			t.Errorf("CompilePattern(%q): got %v, %v; want an error", text, p, err)
		}
	}
}

func FuzzPattern(f *testing.F) {
	f.Add("include/**/*.h", "include/linux/a.h")
	f.Add("{a,b}[a-z]?", "ab")
	f.Fuzz(func(t *testing.T, pattern, name string) {
		if strings.Count(pattern, "*") > 8 || len(name) > 64 {
			return // a chain of ** takes a time that grows with each
		}
		p, err := CompilePattern(pattern)
		if err != nil {
			return
		}
		components := strings.Split(name, "/")
		if !p.Match(components) {
			return
		}
		for i := range components {
			if !p.Below(components[:i]) {
				t.Errorf("%q matches %q, and Below says no for %q", pattern, name, components[:i])
			}
		}
	})
}

func TestNames(t *testing.T) {
	for _, tt := range []struct {
		pattern string
		want    []string
	}{
		{"scripts/{a,b}.c", []string{"scripts/a.c", "scripts/b.c"}},
		{"Makefile", []string{"Makefile"}},
		{"scripts/*.{c,h}", nil},
		{"include/**/a.h", nil},
	} {
		p, err := CompilePattern(tt.pattern)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Names(); !slices.Equal(got, tt.want) {
			t.Errorf("Names(%q): got %q, want %q", tt.pattern, got, tt.want)
		}
	}
}
