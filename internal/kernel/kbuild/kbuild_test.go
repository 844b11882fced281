// SPDX-License-Identifier: Apache-2.0

package kbuild

import (
	"archive/tar"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/internal/kernel/kmake"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/source"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/source/sourcetest"
)

func write(t *testing.T, dir, name, content string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestCheckHonoured(t *testing.T) {
	dir := t.TempDir()
	config := write(t, dir, "config", "CONFIG_A=y\nCONFIG_S=\"x y\"\n# CONFIG_B is not set\n")
	for _, test := range []struct{ name, first, second, want string }{
		{"all taken", "CONFIG_A=y\n", "CONFIG_S=\"x y\"\n", ""},
		{"off, and not mentioned", "# CONFIG_C is not set\n", "# CONFIG_B is not set\n", ""},
		{"a later fragment wins", "CONFIG_A=m\n", "CONFIG_A=y\n", ""},
		{"dropped", "CONFIG_C=y\n", "", "CONFIG_C=n"},
		{"changed", "CONFIG_A=m\n", "", "CONFIG_A=y"},
		{"no option", "A=y\n", "", ":1: got \"A=y\""},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := checkHonoured(config, []string{write(t, dir, "first", test.first), write(t, dir, "second", test.second)})
			switch {
			case test.want == "" && err != nil:
				t.Errorf("error = %v, want none", err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("error = %v, want one with %q", err, test.want)
			}
		})
	}
}

func TestChanged(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"kept", "written", "removed"} {
		write(t, dir, name, name)
	}
	before, err := state(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got := changed(before, before); len(got) > 0 {
		t.Errorf("changed = %v, want none", got)
	}
	write(t, dir, "written", "other text")
	write(t, dir, "added", "")
	if err := os.Remove(filepath.Join(dir, "removed")); err != nil {
		t.Fatal(err)
	}
	after, err := state(dir)
	if err != nil {
		t.Fatal(err)
	}
	got := slices.DeleteFunc(changed(before, after), func(name string) bool { return name == "." })
	if want := []string{"added", "removed", "written"}; !slices.Equal(got, want) {
		t.Errorf("changed = %v, want %v", got, want)
	}
}

const patch = "--- a/Kbuild\n+++ b/Kbuild\n@@ -1 +1 @@\n-# one\n+# two\n"

// The source is patched, and then no program that make would start can write to
// it, for every user.
func TestSourceIsReadOnly(t *testing.T) {
	scratch := t.TempDir()
	t.Cleanup(func() { kmake.SetWritable(scratch, true) })
	s := source.Source{Tarball: sourcetest.Tar(t, map[string]string{"Kbuild": "# one\n"}), Patches: []string{write(t, t.TempDir(), "p.patch", patch)}}
	src, _, err := unpack(s, io.Discard, scratch)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(src, "Kbuild"))
	if err != nil || string(got) != "# two\n" {
		t.Errorf("Kbuild = %q, %v; want the patched text", got, err)
	}
	for _, command := range [][]string{{"touch", "new"}, {"cp", "/dev/null", "Kbuild"}, {"rm", "-f", "Kbuild"}} {
		if _, err := kmake.Run(io.Discard, src, scratch, command[0], command[1:]...); err == nil {
			t.Errorf("%v in the source succeeded, want it refused", command)
		}
	}
}

// Same files, same tar: whatever their times, and in whatever order they were made.
func TestTarIsDeterministic(t *testing.T) {
	make := func(names ...string) []byte {
		dir := t.TempDir()
		// In each directory another command, and in the tars the same.
		write(t, dir, ".b.o.cmd", "savedcmd_b.o := gcc -I"+dir+"/source -I"+dir+"/object")
		for _, n := range names {
			write(t, dir, n, n)
		}
		if err := os.Symlink("b", filepath.Join(dir, "link")); err != nil {
			t.Fatal(err)
		}
		out := filepath.Join(t.TempDir(), "out.tar")
		all, err := files(dir, []string{".", "missing"}, func(string) bool { return true })
		if err != nil {
			t.Fatal(err)
		}
		if err := writeTarFile(out, tarPart{dir, "object/", all, dir}); err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		return content
	}
	a, b := make("a", "b", "c/d"), make("c/d", "b", "a")
	if !bytes.Equal(a, b) {
		t.Error("two tars of the same files differ")
	}
	for _, want := range []string{"object/c/d", "object/link", "gcc -I" + anyUser + "/source -I" + anyUser + "/object"} {
		if !bytes.Contains(a, []byte(want)) {
			t.Errorf("the tar has no %s", want)
		}
	}
}

func TestReadOnly(t *testing.T) {
	k := Kernel{Scratch: t.TempDir(), Log: io.Discard}
	src := t.TempDir()
	for _, mode := range []os.FileMode{0o755, 0o555} {
		if err := os.Chmod(src, mode); err != nil {
			t.Fatal(err)
		}
		got, err := k.readOnly(src)
		left, readErr := os.ReadDir(src)
		if want := mode&0o200 == 0; got != want || err != nil || readErr != nil || len(left) > 0 {
			t.Errorf("%v: got %v, %v, and %v is left, %v; want %v", mode, got, err, left, readErr, want)
		}
	}
}

func TestCheckRoom(t *testing.T) {
	none, given := Kernel{}, Kernel{Placeholder: "placeholder"}
	for _, tt := range []struct {
		k     Kernel
		value string
		ok    bool
	}{{none, "", true}, {none, "n", true}, {given, "y", true}, {given, "m", true}, {given, "n", false}, {given, "", false}, {Kernel{Sizing: Sizing{Packer: "packer"}}, "", false}} {
		if err := tt.k.checkRoom(map[string]string{"CONFIG_IKHEADERS": tt.value}); (err == nil) != tt.ok {
			t.Errorf("%+v with %q: got %v", tt.k, tt.value, err)
		}
	}
}

func TestBindPaths(t *testing.T) {
	dir := t.TempDir()
	command := "savedcmd_b.o := gcc -I" + dir + "/source"
	write(t, dir, "object/.b.o.cmd", string(freePaths(dir, []byte(command))))
	write(t, dir, "object/b.c", anyUser)
	if err := bindPaths(dir); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"object/.b.o.cmd": command, "object/b.c": anyUser} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, want)
		}
	}
}

func TestDebugPaths(t *testing.T) {
	const option = "-fdebug-prefix-map=/tmp/rules_kheaders-7=/tmp/rules_kheaders"
	for _, tt := range []struct{ variables, want []string }{
		{nil, []string{"KCFLAGS=" + option, "KAFLAGS=" + option}},
		{[]string{"KCFLAGS=-g0", "V=1"}, []string{"KCFLAGS=-g0", "V=1", "KCFLAGS=" + option + " -g0", "KAFLAGS=" + option}},
	} {
		if got := debugPaths("/tmp/rules_kheaders-7", tt.variables); !slices.Equal(got, tt.want) {
			t.Errorf("%q: got %q, want %q", tt.variables, got, tt.want)
		}
	}
}

func TestImageOfAnotherTree(t *testing.T) {
	tree := sourcetest.Tar(t, map[string]string{"Kbuild": ""})
	m := Image{Tree: tree, Vmlinux: tree, Goal: "bzImage", Scratch: t.TempDir(), Log: io.Discard}
	want := "unpack " + tree + ": it has no source/, expected what 'kbuild kernel --image-tree' wrote"
	if err := m.Build(); err == nil || err.Error() != want {
		t.Errorf("got %v, want %q", err, want)
	}
}

// A kernel whose structs have a secret layout is built when that is asked for.
func TestRandstruct(t *testing.T) {
	for _, tt := range []struct {
		option, value string
		allow, ok     bool
	}{
		{"CONFIG_RANDSTRUCT", "y", false, false},
		{"CONFIG_GCC_PLUGIN_RANDSTRUCT", "y", false, false},
		{"CONFIG_RANDSTRUCT", "y", true, true},
		{"CONFIG_RANDSTRUCT", "n", false, true},
		{"CONFIG_RANDSTRUCT_NONE", "y", false, true},
	} {
		err := Kernel{AllowSeed: tt.allow}.checkRandstruct(map[string]string{tt.option: tt.value})
		if (err == nil) != tt.ok || err != nil && !strings.Contains(err.Error(), tt.option+"=y: modules can be built only with the RANDSTRUCT seed") {
			t.Errorf("%+v: got %v", tt, err)
		}
	}
}

// The programs and plugins among the files of an objects' tree are copied without
// the path they were built in; what else there is stays where it is.
func TestStripPrograms(t *testing.T) {
	obj, dir := t.TempDir(), t.TempDir()
	write(t, obj, "scripts/gcc-plugins/p.c", "int p;\n")
	write(t, obj, "scripts/sorted.sh", "#!/bin/sh\n")
	plugin := filepath.Join(obj, "scripts/gcc-plugins/p.so")
	if out, err := exec.Command("gcc", "-g", "-shared", "-fPIC", "-o", plugin, filepath.Join(obj, "scripts/gcc-plugins/p.c")).CombinedOutput(); err != nil {
		t.Fatalf("run gcc: %v\n%s", err, out)
	}
	before, err := os.ReadFile(plugin)
	if err != nil || !bytes.Contains(before, []byte(obj)) {
		t.Fatalf("the plugin has no path to begin with (%v)", err)
	}
	names, err := stripPrograms(obj, dir, []string{"scripts/gcc-plugins/p.c", "scripts/gcc-plugins/p.so", "scripts/sorted.sh"})
	if err != nil || !slices.Equal(names, []string{"scripts/gcc-plugins/p.so"}) {
		t.Fatalf("got %v, %v; want the plugin", names, err)
	}
	after, err := os.ReadFile(filepath.Join(dir, names[0]))
	if err != nil || bytes.Contains(after, []byte(obj)) || !bytes.HasPrefix(after, []byte("\x7fELF")) {
		t.Errorf("got %d bytes, %v; want the plugin without the path", len(after), err)
	}
}

// A host tool is found twice, as a file of scripts/ and by its name, and the
// program is replaced by its stripped copy: the tar has it once.
func TestHeadersHaveEachNameOnce(t *testing.T) {
	dir := t.TempDir()
	src, obj := filepath.Join(dir, "source"), filepath.Join(dir, "object")
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"source/Makefile":                  "all:\n",
		"source/include/linux/a.h":         "#define A\n",
		"object/include/config/auto.conf":  "CONFIG_X86=y\n",
		"object/include/generated/b.h":     "#define B\n",
		"object/scripts/basic/fixdep":      string(self),
		"object/scripts/genksyms/genksyms": "#!/bin/sh\n",
		"object/scripts/mod/modpost":       string(self),
		"object/tools/objtool/objtool":     string(self),
	} {
		write(t, dir, name, content)
	}
	k := Kernel{Target: kmake.Target{Arch: "x86_64"}, Headers: filepath.Join(dir, "headers.tar"), Scratch: dir, Log: io.Discard}
	if err := k.writeHeaders(src, obj); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(k.Headers)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	seen := map[string]int{}
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		seen[h.Name]++
		if h.Typeflag != tar.TypeReg || seen[h.Name] > 1 {
			t.Errorf("member %q has type %c and is there %d times, want a file, once", h.Name, h.Typeflag, seen[h.Name])
		}
	}
	for _, name := range []string{"Makefile", "scripts/basic/fixdep", "scripts/genksyms/genksyms", "tools/objtool/objtool"} {
		if seen[name] != 1 {
			t.Errorf("%s is there %d times, want once", name, seen[name])
		}
	}
}

// When something was not made, there is no output.
func TestCollectAllOrNothing(t *testing.T) {
	obj, out := t.TempDir(), t.TempDir()
	for _, name := range []string{"vmlinux", "include/config/kernel.release"} {
		write(t, obj, name, "text")
	}
	k := Kernel{Vmlinux: filepath.Join(out, "vmlinux"), SystemMap: filepath.Join(out, "System.map"), Scratch: t.TempDir()}
	if err := k.collect(t.TempDir(), obj, &KernelReport{}); err == nil || !strings.HasPrefix(err.Error(), "output System.map: the build made no such file") {
		t.Errorf("got %v", err)
	}
	if left, err := os.ReadDir(out); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// An output is written whole or not at all, and never into a device.
func TestOutputsAreNoDevices(t *testing.T) {
	for name, err := range map[string]error{
		"report": writeReport(os.DevNull, nil),
		"tar":    writeTarFile(os.DevNull),
	} {
		if err == nil || !strings.Contains(err.Error(), "not a regular file") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
