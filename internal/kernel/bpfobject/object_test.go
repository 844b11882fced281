// SPDX-License-Identifier: Apache-2.0

package bpfobject

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func write(t *testing.T, file, content string, perm os.FileMode) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), perm); err != nil {
		t.Fatal(err)
	}
	return file
}

// A clang that writes its arguments where the object would be, and a bpftool
// that says its own.
const (
	fakeClang = "#!/bin/sh\nfor last; do :; done\necho \"$@\" >$last\n"
	failing   = "#!/bin/sh\nfor w; do case $w in *.bpf.c) echo \"$w:1:2: error: no\"; esac; done\nexit 1\n"
	fakeTool  = "#!/bin/sh\necho \"$1 $2\"\n"
)

func object(t *testing.T, config string) (Object, *strings.Builder) {
	t.Helper()
	dir, log := t.TempDir(), new(strings.Builder)
	if config != "" {
		write(t, filepath.Join(dir, "tree/include/config/auto.conf"), config, 0o644)
	}
	return Object{
		Tree:    filepath.Join(dir, "tree"),
		Mode:    UAPI,
		Sources: []string{"p/a.bpf.c=" + write(t, filepath.Join(dir, "a.bpf.c"), "int a;\n", 0o644)},
		Clang:   write(t, filepath.Join(dir, "clang"), fakeClang, 0o755),
		Out:     filepath.Join(dir, "a.o"),
		Scratch: filepath.Join(dir, "scratch"),
		Log:     log,
	}, log
}

func TestArguments(t *testing.T) {
	for _, test := range []struct {
		name, config string
		btf          bool
		want, not    []string
	}{
		{"x86", "CONFIG_X86=y\n", false, []string{"-target bpfel", "-D__TARGET_ARCH_x86", "/arch/x86/include/uapi", "include/linux/kconfig.h", "-nostdlibinc"}, nil},
		{"arm64, big-endian", "CONFIG_ARM64=y\nCONFIG_CPU_BIG_ENDIAN=y\n", false, []string{"-target bpfeb", "-D__TARGET_ARCH_arm64", "/arch/arm64/include/uapi"}, nil},
		{"vmlinux.h", "CONFIG_X86=y\n", true, []string{"-target bpfel"}, []string{"kconfig.h", "include/uapi"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			o, _ := object(t, test.config)
			if test.btf {
				o.Mode = BTF
				o.BTF, o.Bpftool = o.Clang, write(t, filepath.Join(t.TempDir(), "bpftool"), fakeTool, 0o755)
				o.Skeleton, o.Name = o.Out+".h", "a"
			}
			if err := o.Build(); err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(o.Out)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range test.want {
				if !strings.Contains(string(got), want) {
					t.Errorf("clang's arguments have no %q:\n%s", want, got)
				}
			}
			for _, not := range test.not {
				if strings.Contains(string(got), not) {
					t.Errorf("clang's arguments have %q:\n%s", not, got)
				}
			}
			if skeleton, err := os.ReadFile(o.Out + ".h"); test.btf && string(skeleton) != "gen skeleton\n" {
				t.Errorf("skeleton = %q, %v", skeleton, err)
			}
		})
	}
}

// A clang of the build's own has headers of its own: where they are does not
// show in debug information.
func TestOwnClang(t *testing.T) {
	o, _ := object(t, "CONFIG_X86=y\n")
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "llvm/bin/clang"), fakeClang, 0o755)
	t.Chdir(t.TempDir())
	if err := os.Symlink(filepath.Join(dir, "llvm"), "external"); err != nil {
		t.Fatal(err)
	}
	o.Clang = "external/bin/clang"
	if err := o.Build(); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(o.Out)
	if want := "-ffile-prefix-map=" + dir + "/llvm/= "; err != nil || !strings.Contains(string(got), want) {
		t.Errorf("clang's arguments have no %q: %v\n%s", want, err, got)
	}
}

func TestRefuses(t *testing.T) {
	for _, test := range []struct {
		name, config, want string
		change             func(*Object)
	}{
		{"no archive", "", `pack it with profile = "module"`, nil},
		{"no architecture", "CONFIG_VAX=y\n", "names no architecture that libbpf knows", nil},
		{"a skeleton without bpftool", "CONFIG_X86=y\n", "give --bpftool", func(o *Object) { o.Skeleton = "s" }},
		{"an include directory outside", "CONFIG_X86=y\n", "expected one of the sources' own", func(o *Object) { o.Includes = []string{"../x"} }},
		{"a source without a name", "CONFIG_X86=y\n", "expected NAME=FILE", func(o *Object) { o.Sources = []string{"a.bpf.c"} }},
		{"no clang", "CONFIG_X86=y\n", "find no-such-clang: not on the PATH", func(o *Object) { o.Clang = "no-such-clang" }},
		{"a source that does not compile", "CONFIG_X86=y\n", ErrShown.Error(), func(o *Object) {
			if err := os.WriteFile(o.Clang, []byte(failing), 0o755); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			o, log := object(t, test.config)
			if test.change != nil {
				test.change(&o)
			}
			err := o.Build()
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error = %v, want one with %q", err, test.want)
			}
			_, given, _ := strings.Cut(o.Sources[0], "=")
			if want := given + ":1:2: error: no\n"; test.want == ErrShown.Error() && log.String() != want {
				t.Errorf("shown = %q, want %q", log, want)
			}
			for _, left := range []string{o.Out, o.Scratch} {
				if _, err := os.Stat(left); err == nil {
					t.Errorf("%s is left", left)
				}
			}
		})
	}
}

// A scratch directory that is the user's own stays as it is.
func TestScratchOfTheUser(t *testing.T) {
	o, _ := object(t, "CONFIG_X86=y\n")
	own := write(t, filepath.Join(o.Scratch, "own"), "text", 0o644)
	if err := o.Build(); err == nil || !strings.Contains(err.Error(), "scratch "+o.Scratch+" is there and not empty") {
		t.Errorf("error = %v, want one that names %s", err, o.Scratch)
	}
	if got, err := os.ReadFile(own); string(got) != "text" {
		t.Errorf("the user's file has %q, %v, want it as it was", got, err)
	}
}

// Without its skeleton there is no object, and one of before stays.
func TestSkeletonFails(t *testing.T) {
	o, _ := object(t, "CONFIG_X86=y\n")
	o.Bpftool, o.Skeleton, o.Name = write(t, filepath.Join(t.TempDir(), "bpftool"), failing, 0o755), o.Out+".h", "a"
	write(t, o.Out, "before", 0o644)
	if err := o.Build(); err == nil || !strings.Contains(err.Error(), "make the skeleton of a: ") {
		t.Errorf("error = %v, want the skeleton's", err)
	}
	if got, err := os.ReadFile(o.Out); string(got) != "before" {
		t.Errorf("the object is %q, %v, want it as it was", got, err)
	}
}
