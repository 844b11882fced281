// SPDX-License-Identifier: Apache-2.0

package kmodule

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// compiles are how the kernel's Makefiles compile a module, here C and assembler
// with debug information: in the tree, and since 6.13 in the module's directory.
// The assembler's is DWARF 4, because clang 14 maps no path in a line table of 5.
var compiles = map[string]struct{ dir, m, script string }{
	"6.12": {".", "drv", "-Iinclude $(KCFLAGS) -c -o $(M)/x.o $(M)/x.c && $(CC) -gdwarf-4 $(KAFLAGS) -c -o $(M)/y.o $(M)/y.S"},
	"6.13": {"$(M)", "", "-I$(realpath .)/include $(KCFLAGS) -c -o x.o x.c && $(CC) -gdwarf-4 $(KAFLAGS) -c -o y.o y.S"},
}

// buildIn builds a module in a directory, by a compiler of its own when own is
// set, which has a header of its own and finds it as compilers do.
func buildIn(t *testing.T, dir, compiler, release string, own bool) []byte {
	t.Helper()
	compile := compiles[release]
	files := maps.Clone(whole)
	if compiler == "clang" {
		files["include/config/auto.conf"] += "CONFIG_CC_IS_CLANG=y\n"
	}
	files["Makefile"] = "CC := $(if $(LLVM),$(LLVM:1=)clang,$(CROSS_COMPILE)gcc)\nmodules:\n\t@cd " + compile.dir +
		" && $(CC) -g -O2 " + compile.script + " && $(CC) -nostdlib -r -Wl,--build-id=sha1 -o $(M)/x.ko $(M)/x.o $(M)/y.o" +
		" && touch $(M)/Module.symvers $(M)/modules.order\n"
	files["include/a.h"] = "struct a { int a; };\nstatic inline const char *a(void) { return __FILE__; }\n"
	for name, content := range files {
		put(t, filepath.Join(dir, "tree", name), content)
	}
	sources := map[string]string{
		"Kbuild": "obj-m := x.o\n",
		"x.c":    "#include <a.h>\n#ifdef OWN\n#include <o.h>\nstruct o o;\n#endif\nstruct a s;\nconst char *f(int i) { return i ? a() : __FILE__; }\n",
		"y.S":    "\t.text\n\t.globl g\ng:\tnop\n",
	}
	t.Chdir(dir)
	if own, err := askCompiler(compiler); err != nil {
		t.Fatal(err)
	} else if own.clang && major(own.version) < "15" {
		// Its assembler knows no -fdebug-prefix-map.
		sources["y.S"] = "\t.text\n"
		files["Makefile"] = strings.Replace(files["Makefile"], "$(CC) -g $(KAFLAGS)", "$(CC) $(KAFLAGS)", 1)
		put(t, filepath.Join(dir, "tree/Makefile"), files["Makefile"])
	}
	m := Module{Tree: "tree", Dir: compile.m, Outs: []string{"x.ko=x.ko"}, Scratch: "scratch", Log: io.Discard}
	for name, content := range sources {
		name = filepath.Join(compile.m, name)
		put(t, name, content)
		m.Sources = append(m.Sources, name+"="+name)
	}
	if own {
		m.Compiler, m.Flags = "toolchain/bin/"+compiler, []string{"-DOWN"}
		put(t, "toolchain/include/o.h", "struct o { int o; };\n")
		put(t, m.Compiler, fmt.Sprintf("#!/bin/sh\nexec %s -isystem $(dirname $(dirname $(realpath $0)))/include \"$@\"\n", compiler))
	}
	if err := m.Build(); err != nil {
		t.Fatal(err)
	}
	ko, err := os.ReadFile("x.ko")
	if err != nil {
		t.Fatal(err)
	}
	return ko
}

func put(t *testing.T, file, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o755); err != nil {
		t.Fatal(err)
	}
}

// Where a module is built does not show in it: not in debug information, so not
// in the build ID, and not in __FILE__.
func TestModuleHasNoPath(t *testing.T) {
	for _, compiler := range []string{"gcc", "clang"} {
		for release := range compiles {
			for _, own := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s of a toolchain %v, %s", compiler, own, release), func(t *testing.T) {
					one, other := t.TempDir(), filepath.Join(t.TempDir(), "longer")
					link := filepath.Join(t.TempDir(), "link")
					if err := os.Mkdir(other, 0o755); err != nil {
						t.Fatal(err)
					}
					if err := os.Symlink(other, link); err != nil {
						t.Fatal(err)
					}
					ko := buildIn(t, one, compiler, release, own)
					if bytes.Contains(ko, []byte(one)) {
						t.Errorf("the module has the path %s of where it was built", one)
					}
					if !bytes.Contains(ko, []byte(".debug_info")) {
						t.Error("the module has no debug information")
					}
					if !bytes.Equal(ko, buildIn(t, link, compiler, release, own)) {
						t.Error("a module that was built in another directory, by a symbolic link to it, is another")
					}
				})
			}
		}
	}
}
