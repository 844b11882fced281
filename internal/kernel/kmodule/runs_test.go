// SPDX-License-Identifier: Apache-2.0

package kmodule

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// compile makes a program or a library.
func compile(t *testing.T, source, out string, flags ...string) string {
	t.Helper()
	dir := t.TempDir()
	put(t, filepath.Join(dir, "x.c"), source)
	file := filepath.Join(dir, out)
	if text, err := exec.Command("gcc", append([]string{"-o", file, filepath.Join(dir, "x.c")}, flags...)...).CombinedOutput(); err != nil {
		t.Fatalf("gcc: %v\n%s", err, text)
	}
	return file
}

// edit replaces text in a copy of a file, by text of the same length.
func edit(t *testing.T, file, from, to string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(content, []byte(from)) || len(from) != len(to) {
		t.Fatalf("%s has no %q", file, from)
	}
	other := filepath.Join(t.TempDir(), filepath.Base(file))
	put(t, other, string(bytes.ReplaceAll(content, []byte(from), []byte(to))))
	return other
}

const mainC = "int main(void) { return 0; }\n"

func TestCannotRun(t *testing.T) {
	script := func(text string) string {
		file := filepath.Join(t.TempDir(), "script")
		put(t, file, text)
		return file
	}
	program := compile(t, mainC, "program")
	// A library that has a function, and one of the same name that has not.
	with := compile(t, "int f(void) { return 0; }\n", "libours.so", "-shared", "-fPIC", "-Wl,-soname,libours.so")
	without := compile(t, "int g(void) { return 0; }\n", "libours.so", "-shared", "-fPIC", "-Wl,-soname,libours.so")
	uses := func(run string) string {
		return compile(t, "int f(void);\nint main(void) { return f(); }\n", "program", "-L"+filepath.Dir(with), "-lours", "-Wl,-rpath,"+run)
	}
	foreign := filepath.Join(t.TempDir(), "foreign")
	put(t, foreign, foreignELF(t))
	for _, test := range []struct{ name, file, want string }{
		{"a program", program, ""},
		{"a static program", compile(t, mainC, "program", "-static"), ""},
		{"another machine's", foreign, "is for s390, and this machine is "},
		{"no loader", edit(t, program, "/ld-linux", "/ld-there"), "which is not installed"},
		{"a newer C library", edit(t, program, "GLIBC_2.34\x00", "GLIBC_2.99\x00"), "needs version GLIBC_2.99 of libc.so.6, which is not installed"},
		{"no library", edit(t, program, "libc.so.6\x00", "libc.so.9\x00"), "needs the library libc.so.9, which is not installed"},
		{"a library", uses(filepath.Dir(with)), ""},
		{"no library of its own", uses("/nowhere"), "needs the library libours.so, which is not installed"},
		{"a library without the function", uses(filepath.Dir(without)), "needs the symbol f, which the libraries of this machine do not have"},
		{"a script", script("#!/bin/sh\n"), ""},
		{"a script of a program that is not there", script("#! /usr/bin/no-such -x\n"), "needs /usr/bin/no-such, which is not installed"},
		{"a text", script("text\n"), ""},
	} {
		if got := cannotRun(test.file); test.want == "" && got != "" || !strings.Contains(got, test.want) {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

// Host tools are tried before anything is compiled, and it is one line that says
// what to do.
func TestHostToolsRun(t *testing.T) {
	program := edit(t, compile(t, mainC, "program"), "GLIBC_2.34\x00", "GLIBC_2.99\x00")
	text, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	m, log := hello(t, tree(t, "", "scripts/mod/modpost", string(text), "Makefile", "$(info compiled)\nmodules:\n"))
	err = m.Build()
	const want = "the host tool scripts/mod/modpost needs version GLIBC_2.99 of libc.so.6, which is not installed; " +
		"make the host tools for this machine from the kernel's source, by `kmodule host-tools` or the rule kheaders_host_tools"
	if err == nil || !strings.HasSuffix(err.Error(), want) || strings.Contains(err.Error(), "\n") || log.Len() > 0 {
		t.Errorf("error = %v, shown %q; want one with %q", err, log, want)
	}
}

// A plugin is of one gcc.
func TestPlugins(t *testing.T) {
	const name = "scripts/gcc-plugins/stackleak_plugin.so"
	config := "CONFIG_" + strings.ToUpper(native.Name) + "=y\nCONFIG_GCC_PLUGIN_STACKLEAK=y\n"
	plugin := func(body string) string {
		text, err := os.ReadFile(compile(t, "int plugin_is_GPL_compatible;\n"+body, "plugin.so", "-shared", "-fPIC"))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for _, test := range []struct{ name, so, want string }{
		{"one that loads", plugin("int plugin_init(void *info, void *version) { return 0; }\n"), ""},
		{"one that refuses this gcc", plugin("int plugin_init(void *info, void *version) { return 1; }\n"), name + " is a plugin of another gcc than gcc"},
		{"one of another gcc's symbols", plugin("int gone(void);\nint plugin_init(void *info, void *version) { return gone(); }\n"), name + " is a plugin of another gcc than gcc"},
		{"another machine's", foreignELF(t), name + " is for s390, and this machine is "},
		{"none", "", name + " is not there, and the kernel is compiled with it (CONFIG_GCC_PLUGIN_STACKLEAK); make the host tools for this machine"},
	} {
		archive := tree(t, "", "include/config/auto.conf", config)
		if test.so != "" {
			put(t, filepath.Join(archive, name), test.so)
		}
		m, _ := hello(t, archive)
		if err := m.Build(); test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: error = %v, want one with %q", test.name, err, test.want)
		}
	}
}
