// SPDX-License-Identifier: Apache-2.0

package kmodule

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/internal/headers/profile"
)

// sources are an archive's host tools in small: each prints its name.
func sources(t *testing.T, without ...string) string {
	t.Helper()
	const prints = "#include <stdio.h>\n#include \"name.h\"\nint main(void) { puts(NAME); return 0; }\n"
	files := []string{
		"Makefile", "modules:\n\t@scripts/basic/fixdep >$(M)/x.ko && scripts/mod/modpost >>$(M)/x.ko && touch $(M)/Module.symvers $(M)/modules.order\n",
		"scripts/Makefile.hosttools", profile.HostToolsMakefile,
		"scripts/basic/fixdep.c", prints, "scripts/basic/name.h", "#define NAME \"fixdep\"\n",
		"scripts/mod/modpost.c", prints, "scripts/mod/name.h", "#include <name2.h>\n", "scripts/include/name2.h", "extern const char NAME[];\n",
		"scripts/mod/file2alias.c", "const char NAME[] = \"modpost\";\n",
	}
	dir := tree(t, "scripts/mod/modpost", files...)
	for _, name := range append(without, "scripts/basic/fixdep") {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestHostToolsFromTheArchive(t *testing.T) {
	foreign := sources(t)
	if err := os.WriteFile(filepath.Join(foreign, "scripts/basic/fixdep"), []byte(foreignELF(t)), 0o755); err != nil {
		t.Fatal(err)
	}
	broken := sources(t, "scripts/basic/name.h")
	for _, test := range []struct{ name, tree, want string }{
		{"sources alone", sources(t), ""},
		{"a program of another machine beside them", foreign, ""},
		{"programs alone", tree(t, ""), ""},
		{"neither", sources(t, "scripts/Makefile.hosttools"), "neither programs for this machine nor scripts/Makefile.hosttools"},
		{"a source that does not compile", broken, "compile the host tools of " + broken},
	} {
		out := filepath.Join(t.TempDir(), "out")
		err := HostTools{Tree: test.tree, Out: out, Scratch: t.TempDir(), Log: io.Discard}.Build()
		if test.want != "" {
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%s: got %v, want an error with %q", test.name, err, test.want)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		for _, name := range []string{"scripts/basic/fixdep", "scripts/mod/modpost"} {
			if !exists(test.tree, toolsMakefile) {
				continue
			}
			got, err := exec.Command(filepath.Join(out, name)).Output()
			if want := filepath.Base(name) + "\n"; err != nil || string(got) != want {
				t.Errorf("%s: %s prints %q, %v; want %q", test.name, name, got, err, want)
			}
		}
	}
}

// A build from an archive with sources alone compiles them, and leaves the
// archive's tree as it was.
func TestBuildCompilesHostTools(t *testing.T) {
	dir := sources(t)
	out := filepath.Join(t.TempDir(), "x.ko")
	kbuild := filepath.Join(t.TempDir(), "Kbuild")
	if err := os.WriteFile(kbuild, []byte("obj-m := x.o\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	m := Module{Tree: dir, Sources: []string{"Kbuild=" + kbuild}, Outs: []string{"x.ko=" + out}, Scratch: filepath.Join(t.TempDir(), "s"), Log: io.Discard}
	if err := m.Build(); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(out); err != nil || string(got) != "fixdep\nmodpost\n" {
		t.Errorf("the module is %q, %v; want what the two programs print", got, err)
	}
	if exists(dir, "scripts/basic/fixdep") {
		t.Error("a program was compiled into the archive's tree")
	}
}
