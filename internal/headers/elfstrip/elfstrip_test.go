// SPDX-License-Identifier: Apache-2.0

package elfstrip

import (
	"bytes"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/internal/carrier/carriertest"
)

// source is a program and a library at once. Its file name is in no string.
const source = `
#include <stdio.h>
#include <string.h>
const char *greeting = "hello";
static int hidden(int n) { return n * 3; }
int visible(int n) { return hidden(n) + 1; }
int main(void) { puts(greeting); return visible(2) - 7; }
`

// compile builds source below a directory of its own and returns the result.
func compile(t *testing.T, compiler string, flags ...string) []byte {
	t.Helper()
	dir := t.TempDir()
	in, out := filepath.Join(dir, "a.c"), filepath.Join(dir, "a.out")
	if err := os.WriteFile(in, []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(compiler, append(flags, "-Wl,--build-id=sha1", "-o", out, in)...)
	cmd.Dir = dir
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("run %v: %v\n%s", cmd.Args, err, text)
	}
	p, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(p, []byte(dir)) {
		t.Fatalf("%v: the compiler left no path in the program: it tests nothing", cmd.Args)
	}
	return p
}

var kinds = []struct {
	name  string
	flags []string
}{
	{"program", []string{"-g", "-O2"}},
	{"program at a fixed address", []string{"-g", "-no-pie"}},
	{"static program", []string{"-g", "-static"}},
	{"shared object", []string{"-g", "-shared", "-fPIC"}},
}

// A program built in two directories is the same, without either's path, and
// runs as before.
func TestStrip(t *testing.T) {
	for _, tt := range kinds {
		t.Run(tt.name, func(t *testing.T) {
			var results [][]byte
			for range 2 {
				in := compile(t, "gcc", tt.flags...)
				out := Strip(in)
				check(t, in, out)
				if again := Strip(out); !bytes.Equal(again, out) {
					t.Errorf("stripped twice: got other bytes, want the same")
				}
				results = append(results, out)
			}
			if !bytes.Equal(results[0], results[1]) {
				t.Errorf("built in two directories: got two results, want one")
			}
			if tt.name != "shared object" {
				run(t, results[0])
			}
		})
	}
}

// check fails if what is loaded of a program changed, or if symbols, debug
// information or a path are left.
func check(t *testing.T, in, out []byte) {
	t.Helper()
	before, after := read(t, in), read(t, out)
	if after.FileHeader != before.FileHeader {
		t.Errorf("file header: got %+v, want %+v", after.FileHeader, before.FileHeader)
	}
	for i, p := range before.Progs {
		if after.Progs[i].ProgHeader != p.ProgHeader {
			t.Errorf("segment %d: got %+v, want %+v", i, after.Progs[i].ProgHeader, p.ProgHeader)
		}
	}
	for _, s := range before.Sections[1:] {
		got := after.Section(s.Name)
		if s.Flags&elf.SHF_ALLOC == 0 {
			if got != nil && s.Name != ".shstrtab" {
				t.Errorf("section %s is left", s.Name)
			}
			continue
		}
		if got == nil {
			t.Fatalf("section %s is gone", s.Name)
		}
		want := s.SectionHeader
		want.Link, want.Info = got.Link, got.Info // TestSectionNumbers has these
		if got.SectionHeader != want {
			t.Errorf("section %s: got %+v, want %+v", s.Name, got.SectionHeader, want)
		}
		if s.Type == elf.SHT_NOBITS || s.Name == ".note.gnu.build-id" || s.Type == elf.SHT_DYNSYM {
			continue
		}
		a, errA := s.Data()
		b, errB := got.Data()
		if errA != nil || errB != nil || !bytes.Equal(a, b) {
			t.Errorf("section %s: its content changed (%v, %v)", s.Name, errA, errB)
		}
	}
	if i := bytes.Index(out, []byte(os.TempDir()+"/Test")); i >= 0 {
		t.Errorf("a path of the build is left: %q", out[i:min(i+80, len(out))])
	}
}

func read(t *testing.T, p []byte) *elf.File {
	t.Helper()
	f, err := elf.NewFile(bytes.NewReader(p))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func run(t *testing.T, program []byte) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(file, program, 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(file).CombinedOutput(); err != nil || string(out) != "hello\n" {
		t.Errorf("run it: got %q, %v; want hello", out, err)
	}
}

// The build ID is one of the result, and differs between two programs.
func TestBuildID(t *testing.T) {
	id := func(flags ...string) []byte {
		p, err := read(t, Strip(compile(t, "gcc", append(flags, "-g")...))).Section(".note.gnu.build-id").Data()
		if err != nil {
			t.Fatal(err)
		}
		return p[16:]
	}
	one, other := id("-O2"), id("-O0")
	if bytes.Equal(one, other) || bytes.Equal(one, make([]byte, len(one))) {
		t.Errorf("got the build IDs %x and %x, want two", one, other)
	}
}

// Every class and byte order is read, whatever machine this runs on.
func TestFormats(t *testing.T) {
	text := []byte("the program")
	for name, f := range carriertest.All() {
		t.Run(name, func(t *testing.T) {
			f.Sections = []carriertest.Section{
				{Name: ".debug_info", Data: []byte("/a/path")},
				{Name: ".text", Flags: elf.SHF_ALLOC, Addr: 0x1000, Data: text},
				{Name: ".comment", Data: []byte("gcc of somebody")},
			}
			f.Symbols = []carriertest.Symbol{{Name: "secret_name", Section: ".text", Value: 0x1000}}
			in := f.Bytes()
			out := Strip(in)
			if f.Type == elf.ET_REL {
				if !bytes.Equal(in, out) || Is(in) {
					t.Errorf("an object changed, want it as it was: it is still to be linked")
				}
				return
			}
			check(t, in, out)
			if bytes.Contains(out, []byte("secret_name")) || bytes.Contains(out, []byte("/a/path")) || bytes.Contains(out, []byte("somebody")) {
				t.Errorf("symbols or debug information are left: %q", out)
			}
			if got, err := read(t, out).Section(".text").Data(); err != nil || !bytes.Equal(got, text) {
				t.Errorf(".text: got %q, %v; want %q", got, err, text)
			}
		})
	}
}

// A dynamic symbol and a link name the same section by its new number.
func TestSectionNumbers(t *testing.T) {
	in := compile(t, "gcc", "-g", "-shared", "-fPIC")
	before, after := read(t, in), read(t, Strip(in))
	want, err := before.DynamicSymbols()
	if err != nil {
		t.Fatal(err)
	}
	got, err := after.DynamicSymbols()
	if err != nil || len(got) != len(want) {
		t.Fatalf("got %d dynamic symbols, %v; want %d", len(got), err, len(want))
	}
	section := func(f *elf.File, i elf.SectionIndex) string {
		if int(i) < len(f.Sections) {
			return f.Sections[i].Name
		}
		return i.String()
	}
	for i := range got {
		if g, w := section(after, got[i].Section), section(before, want[i].Section); got[i].Name != want[i].Name || g != w {
			t.Errorf("symbol %s in %s, want %s in %s", got[i].Name, g, want[i].Name, w)
		}
	}
	for _, s := range after.Sections[1:] {
		old := before.Section(s.Name)
		if g, w := after.Sections[s.Link].Name, before.Sections[old.Link].Name; g != w {
			t.Errorf("section %s: linked to %q, want %q", s.Name, g, w)
		}
	}
}

// What is no program, or only the beginning of one, stays as it is.
func TestOthers(t *testing.T) {
	program := compile(t, "gcc", "-g")
	for name, p := range map[string][]byte{
		"empty": nil, "text": []byte("#!/bin/sh\n"), "magic": []byte("\x7fELF"), "the word": []byte("\x7fELF modpost, and some more text behind it, as a test has it"),
		"half": program[:len(program)/2],
	} {
		if got := Strip(p); !bytes.Equal(got, p) || Is(p) {
			t.Errorf("%s: got %d bytes, want the %d as they were", name, len(got), len(p))
		}
	}
}

func FuzzStrip(f *testing.F) {
	for _, e := range carriertest.All() {
		e.Sections = []carriertest.Section{{Name: ".text", Flags: elf.SHF_ALLOC, Addr: 0x1000, Data: []byte("text")}, {Name: ".debug", Data: []byte("debug")}}
		f.Add(e.Bytes())
	}
	f.Fuzz(func(t *testing.T, p []byte) {
		in := bytes.Clone(p)
		out := Strip(p)
		if !bytes.Equal(in, p) {
			t.Fatal("the input changed")
		}
		if !Is(p) && !bytes.Equal(out, p) {
			t.Fatal("what is no program changed")
		}
		if len(out) > len(p)+1<<16 {
			t.Fatalf("got %d bytes of %d", len(out), len(p))
		}
	})
}
