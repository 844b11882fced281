// SPDX-License-Identifier: Apache-2.0

package kmodule

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What the module's files are called must be what Kbuild can handle.
func TestNames(t *testing.T) {
	for _, c := range notInMake {
		if string(c) == "=" {
			continue // see below
		}
		for what, change := range map[string]func(m *Module, name string){
			"source":            func(m *Module, name string) { m.Sources = append(m.Sources, name+".c=/dev/null") },
			"module":            func(m *Module, name string) { m.Outs = append(m.Outs, name+".ko=x") },
			"include directory": func(m *Module, name string) { m.Includes = []string{name} },
			"directory":         func(m *Module, name string) { m.Dir = name },
		} {
			m := Module{}
			change(&m, "a"+string(c)+"b")
			if err := m.checkNames(); err == nil || !strings.HasPrefix(err.Error(), what+" ") || !strings.Contains(err.Error(), "Kbuild cannot handle the ") {
				t.Errorf("a %s with %q: got %v", what, c, err)
			}
		}
	}
	m := Module{Sources: []string{"a=b.c=dir/a=b.c"}}
	if err := m.checkNames(); err == nil || !strings.Contains(err.Error(), `Kbuild cannot handle the '='`) {
		t.Errorf("a source with =: got %v", err)
	}
	const fine = "a-b_c.d+e@f~g^h!i{j}k[l]"
	m = Module{Sources: []string{fine + ".c=x"}, Outs: []string{fine + ".ko=x"}, Dir: fine, Includes: []string{fine}}
	if err := m.checkNames(); err != nil {
		t.Error(err)
	}
}

// Where the archive, the sources, the scratch directory and the results are may
// have any name.
func TestAnyDirectory(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	for _, keep := range []bool{false, true} {
		dir := filepath.Join(t.TempDir(), "a b,c=d#e$f%g:h")
		archive := filepath.Join(dir, "tree")
		for name, content := range whole {
			put(t, filepath.Join(archive, name), content)
		}
		// As the kernel's own Makefile refuses it.
		put(t, filepath.Join(archive, "Makefile"), "ifneq ($(words $(subst :, ,$(CURDIR))),1)\n$(error source directory cannot contain spaces or colons)\nendif\n"+
			"modules:\n\tcat $(KBUILD_EXTRA_SYMBOLS) > $(M)/x.ko; touch $(M)/Module.symvers $(M)/modules.order\n")
		put(t, filepath.Join(dir, "symvers"), "other\n")
		m, log := hello(t, archive)
		put(t, filepath.Join(dir, "Kbuild"), "obj-m := x.o\n")
		m.Sources[0] = "Kbuild=" + filepath.Join(dir, "Kbuild")
		m.Scratch, m.Keep, m.Extra = filepath.Join(dir, "scratch"), keep, []string{filepath.Join(dir, "symvers")}
		m.Outs = []string{"x.ko=" + filepath.Join(dir, "x.ko")}
		if err := m.Build(); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join(dir, "x.ko")); err != nil || string(got) != "other\n" {
			t.Errorf("the module has %q, %v, want the other module's symbols", got, err)
		}
		_, err := os.Stat(filepath.Join(dir, "scratch/module/x.ko"))
		if (err == nil) != keep || keep != strings.Contains(log.String(), "kmodule: kept "+m.Scratch+"\n") {
			t.Errorf("keep %v: %v, and %q was shown", keep, err, log)
		}
		if left, _ := os.ReadDir(temporary); len(left) > 0 {
			t.Errorf("left: %v", left)
		}
	}
}

// A driver's makefile sees $(PWD) as in `make -C KDIR M=$PWD`, though it sets it, and
// the variables that its developer gives.
func TestMakesEnvironment(t *testing.T) {
	const makefile = "PWD := $(shell pwd)\nmodules:\n\t@echo PWD is $(if $(filter $(PWD),$(M)),M,$(PWD)), V=$(V), W=$(W), OWN=$(patsubst $(M)/%,M/%,$(OWN))\n" +
		"\ttouch $(M)/x.ko $(M)/Module.symvers $(M)/modules.order\n"
	for _, test := range []struct {
		words []string
		dir   string
		shown string
	}{
		{nil, "", "PWD is M, V=, W=, OWN=\n"},
		{nil, "sub", "PWD is M, V=, W=, OWN=\n"},
		{[]string{"W=1", "OWN=a b"}, "", "PWD is M, V=, W=1, OWN=a b\n"},
		{[]string{"OWN=$(M)/.."}, "sub", "PWD is M, V=, W=, OWN=M/..\n"},
		{[]string{"V=0"}, "", "PWD is M, V=0, W=, OWN=\n"},
		{[]string{"V=1"}, "", "PWD is M, V=1, W=, OWN=\ntouch x.ko Module.symvers modules.order\n"},
	} {
		m, log := hello(t, tree(t, "", "Makefile", makefile))
		m.Variables, m.Dir = test.words, test.dir
		if test.dir != "" {
			for i, s := range m.Sources {
				m.Sources[i] = test.dir + "/" + s
			}
		}
		if err := m.Build(); err != nil {
			t.Fatal(err)
		}
		var lines strings.Builder
		for line := range strings.Lines(log.String()) {
			if !strings.HasPrefix(line, "make: ") {
				lines.WriteString(line)
			}
		}
		if got := lines.String(); got != test.shown {
			t.Errorf("with %v in %q: shown %q, want %q", test.words, test.dir, got, test.shown)
		}
	}
	for word, want := range map[string]string{
		"V": "expected NAME=VALUE", "=1": "expected NAME=VALUE", "M=/tmp": "--dir sets it", "CC=gcc": "--compiler sets it", "X=$(shell id)": "would expand the $", "X=$(M)$": "would expand the $",
		"CONFIG_X=y": "give it by --config",
	} {
		m, _ := hello(t, tree(t, ""))
		m.Variables = []string{word}
		if err := m.Build(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", word, err, want)
		}
	}
}

// The scratch directory is kept when it is asked for, above all when the build fails.
func TestKeep(t *testing.T) {
	for _, fails := range []string{"", "; exit 1"} {
		m, log := hello(t, tree(t, "", "Makefile", "modules:\n\t@touch $(M)/x.ko $(M)/Module.symvers $(M)/modules.order"+fails+"\n"))
		m.Keep = true
		err := m.Build()
		if (err != nil) != (fails != "") {
			t.Errorf("error = %v", err)
		}
		if !exists(m.Scratch, "module/x.ko") || !strings.HasSuffix(log.String(), "kmodule: kept "+m.Scratch+"\n") {
			t.Errorf("there is no module in the scratch directory, or %q does not name it", log)
		}
		if left, _ := os.ReadDir(m.Scratch); len(left) != 1 || exists(m.Scratch+".work", "") {
			t.Errorf("kept: %v, want the modules' directory alone", left)
		}
	}
}

func TestRust(t *testing.T) {
	m := Module{Sources: []string{"hello.c=hello.c", "src/hello.rs=hello.rs"}}
	if err := m.checkNames(); err == nil || !strings.Contains(err.Error(), "source src/hello.rs is Rust, which no archive has anything for") {
		t.Errorf("got %v, want an error that names the source", err)
	}
}
