// SPDX-License-Identifier: Apache-2.0

package kmodule

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/internal/kernel/source"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/source/sourcetest"
)

func TestAddToTree(t *testing.T) {
	base := filepath.Join(t.TempDir(), "btf")
	if err := os.WriteFile(base, []byte{0x9f, 0xeb, 1, 0}, 0o644); err != nil {
		t.Fatal(err)
	}
	tools := tree(t, "", "tools/objtool/objtool", "new")
	for name := range whole {
		if !strings.HasPrefix(name, "scripts/") {
			if err := os.Remove(filepath.Join(tools, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	old := tree(t, "", "scripts/mod/modpost", "old", "scripts/mod/other", "other")
	m := Module{Tree: old, BaseBTF: base, HostTools: tools, Scratch: t.TempDir()}
	if err := m.addToTree(); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"vmlinux": "\x9f\xeb\x01\x00", "scripts/mod/modpost": "tool", "scripts/mod/other": "other",
		"tools/objtool/objtool": "new", "Module.symvers": whole["Module.symvers"],
	} {
		got, err := os.ReadFile(filepath.Join(m.Tree, name))
		if err != nil || string(got) != want {
			t.Errorf("%s = %q, %v; want %q", name, got, err, want)
		}
	}
	if exists(old, "vmlinux") {
		t.Error("the archive's own tree was written to")
	}
}

// Where the archive's own programs run there are no others: a link to an empty
// directory, in Bazel's sandbox.
func TestAddToTreeNothing(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(t.TempDir(), empty); err != nil {
		t.Fatal(err)
	}
	archive := tree(t, "")
	m := Module{Tree: archive, HostTools: empty, Scratch: t.TempDir()}
	if err := m.addToTree(); err != nil || m.Tree != archive {
		t.Errorf("got %s, %v; want the archive's own tree", m.Tree, err)
	}
}

func TestBaseBTFRefuses(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte("hello"), 0o644); err != nil {
		t.Fatal(err)
	}
	raw := filepath.Join(t.TempDir(), "raw")
	if err := os.WriteFile(raw, []byte{0x9f, 0xeb, 1, 0}, 0o644); err != nil {
		t.Fatal(err)
	}
	const with = "CONFIG_X86=y\nCONFIG_DEBUG_INFO_BTF_MODULES=y\n"
	for _, test := range []struct{ name, config, base, want string }{
		{"text", with, text, "neither BTF nor ELF"},
		{"a program", with, self, "it has no section .BTF"},
		{"nothing", with, text + ".none", "no such file"},
		{"a kernel without", "CONFIG_X86=y\n", raw, "leave base_btf out"},
		{"no resolve_btfids", with, raw, "take an archive with host tools"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := Module{Tree: tree(t, "", "include/config/auto.conf", test.config), BaseBTF: test.base, Scratch: filepath.Join(t.TempDir(), "scratch"), Log: io.Discard}
			if err := m.Build(); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error = %v, want one with %q", err, test.want)
			}
		})
	}
}

func TestHostToolsRefuse(t *testing.T) {
	text := filepath.Join(t.TempDir(), "linux.tar")
	if err := os.WriteFile(text, []byte("hello"), 0o644); err != nil {
		t.Fatal(err)
	}
	const archive = "VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 176\nEXTRAVERSION =\nNAME = x\n"
	other := sourcetest.Tar(t, map[string]string{"Kbuild": "", "Makefile": "VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 17\nEXTRAVERSION = -rc6\n"})
	for _, test := range []struct{ name, tree, source, want string }{
		{"a tracing archive", tree(t, "include/config/auto.conf"), text, `the archive's profile must be "module"`},
		{"a source that is no tar", tree(t, ""), text, "unpack " + text},
		{"another version", tree(t, "", "Makefile", archive), other, "the archive is of Linux 6.1.176, and the source of 6.1.17-rc6; give the kernel's own"},
		{"an archive of no version", tree(t, ""), other, "expected a kernel's top Makefile"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			h := HostTools{Tree: test.tree, Source: source.Source{Tarball: test.source}, Out: filepath.Join(dir, "out"), Scratch: t.TempDir(), Log: io.Discard}
			if err := h.Build(); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error = %v, want one with %q", err, test.want)
			}
			if left, _ := os.ReadDir(dir); len(left) > 0 {
				t.Errorf("files are left: %v", left)
			}
		})
	}
}

// hostToolsSource is a source whose host tools have debug information, with a path.
func hostToolsSource(t *testing.T, version, path string) source.Source {
	t.Helper()
	rules := "allnoconfig:\n\t@:\nmodules_prepare:\n\t@mkdir -p $O/scripts/basic $O/scripts/mod; echo 'int main(void) { return 0; }' >$O/x.c; " +
		"cd $O && gcc -g -Wl,--build-id -fdebug-prefix-map=$O=" + path + " -o scripts/basic/fixdep x.c && cp scripts/basic/fixdep scripts/mod/modpost\n"
	return source.Source{Tarball: sourcetest.Tar(t, map[string]string{"Kbuild": "", "Makefile": version + rules})}
}

// Debian's releases do not begin with the version of the source.
func TestHostToolsOfAnotherRelease(t *testing.T) {
	const version = "VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 176\nEXTRAVERSION =\n"
	archive := tree(t, "", "Makefile", version, "include/config/kernel.release", "6.1.0-50-amd64\n")
	made := func(path string) []byte {
		h := HostTools{Tree: archive, Source: hostToolsSource(t, version, path), Out: t.TempDir(), Scratch: t.TempDir(), Log: os.Stderr}
		if err := h.Build(); err != nil {
			t.Fatal(err)
		}
		program, err := os.ReadFile(filepath.Join(h.Out, "scripts/mod/modpost"))
		if err != nil {
			t.Fatal(err)
		}
		return program
	}
	// A path of debug information, as of a toolchain's header, is in the build ID too.
	if !bytes.Equal(made("/one"), made("/another")) {
		t.Error("modpost is another where debug information has another path")
	}
}
