// SPDX-License-Identifier: Apache-2.0

package bpfobject

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A program that appends its name and arguments to what the last one names, and
// hands on what the program before has written.
const fakeLLVM = `#!/bin/sh
me=$0
for last; do :; done
out=; in=$last; before=
for w; do case $before in -o) out=$w;; esac; before=$w; done
case $me in *clang) in=/dev/null;; *opt|*llc) ;; esac
{ case $me in *clang) ;; *) cat "$in";; esac; echo "${me##*/} $*"; } >"$out.new" && mv "$out.new" "$out"
`

// kernelObject is an object for the mode Kernel, of a fake LLVM.
func kernelObject(t *testing.T, release, config string) (Object, *strings.Builder) {
	t.Helper()
	o, log := object(t, config)
	dir := filepath.Dir(o.Out)
	write(t, filepath.Join(o.Tree, "include/config/kernel.release"), release+"\n", 0o644)
	o.Mode = Kernel
	for name, program := range map[string]*string{"clang": &o.Clang, "opt": &o.Opt, "llc": &o.Llc} {
		*program = write(t, filepath.Join(dir, "llvm", name), fakeLLVM, 0o755)
	}
	return o, log
}

// clang compiles for the kernel's machine, opt and llc for eBPF.
func TestKernelArguments(t *testing.T) {
	const x86, arm64 = "CONFIG_X86=y\nCONFIG_64BIT=y\n", "CONFIG_ARM64=y\nCONFIG_64BIT=y\n"
	for _, test := range []struct {
		name, release, config string
		want, not             []string
	}{
		{"x86", "6.1.0", x86, []string{"-target x86_64-linux-gnu ", "-D__KERNEL__ ", `-DKBUILD_MODNAME="bpf" `, "-fno-stack-protector ", "-fno-jump-tables ",
			"-mcmodel=kernel", "/arch/x86/include ", "/arch/x86/include/generated ", "include/linux/kconfig.h ", "/shim/kernel.h ", "opt -mcpu=v2 ", "-mtriple=bpfel ",
			"llc -mcpu=v2 -march=bpfel -filetype=obj "}, []string{"-funsigned-char", "-fms-extensions", "clang -mcpu"}},
		{"arm64", "6.12.62", arm64, []string{"-target aarch64-linux-gnu ", "-mgeneral-regs-only ", "/arch/arm64/include ", "-funsigned-char "}, []string{"-mcmodel=kernel", "KASAN"}},
		{"arm64, big-endian", "6.12.62", arm64 + "CONFIG_CPU_BIG_ENDIAN=y\n", []string{"-target aarch64_be-linux-gnu ", "-mtriple=bpfeb ", "-march=bpfeb "}, nil},
		{"arm64 with KASAN", "6.12.62", arm64 + "CONFIG_KASAN_SW_TAGS=y\n", []string{"-DKASAN_SHADOW_SCALE_SHIFT=4 "}, nil},
		{"7.2", "7.2.0-rc1", x86, []string{"-fms-extensions "}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			o, _ := kernelObject(t, test.release, test.config)
			write(t, filepath.Join(o.Tree, "include/linux/kconfig.h"), "", 0o644)
			o.Flags = []string{"-mcpu=v2", "-DX"}
			if err := o.Build(); err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(o.Out)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range append(test.want, " -DX ") {
				if !strings.Contains(string(got), want) {
					t.Errorf("the programs' arguments have no %q:\n%s", want, got)
				}
			}
			for _, not := range test.not {
				if strings.Contains(string(got), not) {
					t.Errorf("the programs' arguments have %q:\n%s", not, got)
				}
			}
		})
	}
}

func TestKernelRefuses(t *testing.T) {
	for _, test := range []struct{ name, release, config, want string }{
		{"another architecture", "6.1.0", "CONFIG_RISCV=y\nCONFIG_64BIT=y\n", "is for x86-64 and arm64, and this kernel is 64-bit riscv; set headers"},
		{"a 32-bit kernel", "6.1.0", "CONFIG_X86=y\n", "this kernel is 32-bit x86"},
		{"structures in random order", "6.1.0", "CONFIG_X86=y\nCONFIG_64BIT=y\nCONFIG_RANDSTRUCT=y\n", "CONFIG_RANDSTRUCT is set"},
		{"a release that is none", "x", "CONFIG_X86=y\nCONFIG_64BIT=y\n", `kernel.release is "x": expected`},
	} {
		t.Run(test.name, func(t *testing.T) {
			o, _ := kernelObject(t, test.release, test.config)
			if err := o.Build(); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error = %v, want one with %q", err, test.want)
			}
		})
	}
}

// The header that a mode cannot use is named, whichever line clang complains of.
func TestRefusal(t *testing.T) {
	const tree = "/tree"
	for _, test := range []struct {
		name string
		mode Mode
		out  string
		want string // "" for none
	}{
		{"of the kernel's own", UAPI, "In file included from a.bpf.c:2:\nIn file included from /tree/include/net/sock.h:38:\n/tree/include/linux/bug.h:5:10: fatal error: 'asm/bug.h' file not found\n",
			`compile a.c: include/net/sock.h cannot be used with headers = "uapi"; expected headers that the kernel gives to programs`},
		{"by one for programs", UAPI, "In file included from a.bpf.c:2:\nIn file included from /tree/include/uapi/linux/x.h:3:\n/tree/include/linux/y.h:5:1: error: unknown type name 'u8'\n",
			"include/linux/y.h cannot be used"},
		{"for programs", UAPI, "In file included from a.bpf.c:2:\n/tree/include/uapi/linux/x.h:3:1: error: unknown type name 'q'\n", ""},
		{"the program's own mistake", UAPI, "/s/a.bpf.c:3:1: error: unknown type name 'q'\n", ""},
		{"after a warning", UAPI, "In file included from a.bpf.c:2:\n/tree/include/linux/y.h:5:1: warning: odd\n/s/a.bpf.c:3:1: error: unknown type name 'q'\n", ""},
		{"vmlinux.h", Kernel, "/s/a.bpf.c:3:1: fatal error: 'vmlinux.h' file not found\n", `vmlinux.h cannot be used with headers = "kernel"`},
		{"the C library's", Kernel, "/s/a.bpf.c:3:1: fatal error: 'stdio.h' file not found\n", ""},
		{"beside vmlinux.h", BTF, "/s/a.bpf.c:3:1: fatal error: 'linux/sched.h' file not found\n", `linux/sched.h cannot be used with headers = "btf"`},
		{"nowhere", BTF, "/s/a.bpf.c:3:1: fatal error: 'no/such.h' file not found\n", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, filepath.Join(dir, "include/linux/sched.h"), "", 0o644)
			o := Object{Mode: test.mode, Tree: dir}
			o.target.name = "x86"
			got := o.refusal("a.c", strings.ReplaceAll(test.out, tree, dir))
			if (got != nil) != (test.want != "") || got != nil && !strings.Contains(got.Error(), test.want) {
				t.Errorf("got %v, want %q", got, test.want)
			}
		})
	}
}

// Several sources are linked by bpftool, in the order that they are given in.
func TestLink(t *testing.T) {
	o, _ := object(t, "CONFIG_X86=y\n")
	o.Sources = append(o.Sources, "p/b.bpf.c="+write(t, filepath.Join(t.TempDir(), "b.bpf.c"), "int b;\n", 0o644))
	if err := o.Build(); err == nil || !strings.Contains(err.Error(), "give --bpftool") {
		t.Errorf("without bpftool: error = %v", err)
	}
	o.Bpftool = write(t, filepath.Join(t.TempDir(), "bpftool"), "#!/bin/sh\nout=$3\nshift 3\ncat \"$@\" >$out\n", 0o755)
	if err := o.Build(); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(o.Out)
	a, b := strings.Index(string(got), "p/a.bpf.c"), strings.Index(string(got), "p/b.bpf.c")
	if err != nil || a < 0 || b < a {
		t.Errorf("linked is %q, %v, want a's object and then b's", got, err)
	}
}

// Two headers cannot have one name; the same one may be given twice.
func TestHeaderTwice(t *testing.T) {
	o, _ := object(t, "CONFIG_X86=y\n")
	one, other := write(t, filepath.Join(t.TempDir(), "h"), "", 0o644), write(t, filepath.Join(t.TempDir(), "h"), "", 0o644)
	o.Headers = []string{"x/h.h=" + one, "x/h.h=" + one}
	if err := o.Build(); err != nil {
		t.Errorf("the same twice: %v", err)
	}
	o.Headers[1] = "x/h.h=" + other
	if err := o.Build(); err == nil || !strings.Contains(err.Error(), "expected one file by that name") {
		t.Errorf("two: error = %v", err)
	}
}

// A program that does not compile is a verdict, a compiler that is missing is not.
func TestJudge(t *testing.T) {
	o, _ := kernelObject(t, "6.1.0-x", "CONFIG_X86=y\nCONFIG_64BIT=y\n")
	yes, err := o.Judge("good")
	if want := (Verdict{Kernel: "good", Release: "6.1.0-x", Compiled: true}); err != nil || yes != want {
		t.Errorf("got %+v, %v, want %+v", yes, err, want)
	}
	write(t, o.Clang, "#!/bin/sh\necho 'a.c:1:2: error: no'\nexit 1\n", 0o755)
	no, err := o.Judge("bad")
	if want := (Verdict{Kernel: "bad", Release: "6.1.0-x", Message: "a.c:1:2: error: no"}); err != nil || no != want {
		t.Errorf("got %+v, %v, want %+v", no, err, want)
	}
	o.Clang = "no-such-clang"
	if _, err := o.Judge("none"); err == nil {
		t.Error("no clang: got no error")
	}
	var report strings.Builder
	if err := WriteReport(&report, "count", []Verdict{yes, no}); err != nil {
		t.Fatal(err)
	}
	if want := "count compiles for 1 of 2 kernels\ngood  6.1.0-x  compiles\nbad   6.1.0-x  a.c:1:2: error: no\n"; report.String() != want {
		t.Errorf("report is %q, want %q", report.String(), want)
	}
}

// What llc cannot make of the kernel's inline assembler is a refusal.
func TestNoCode(t *testing.T) {
	o, log := kernelObject(t, "6.1.0", "CONFIG_X86=y\nCONFIG_64BIT=y\n")
	write(t, o.Llc, "#!/bin/sh\necho 'error: invalid register'\nexit 1\n", 0o755)
	var refusal *Refusal
	if err := o.Build(); !errors.As(err, &refusal) || !strings.Contains(err.Error(), "no function with x86 instructions") || log.String() != "error: invalid register\n" {
		t.Errorf("error = %v, log %q", err, log)
	}
}

// A crash behind an error is not shown; one alone is.
func TestWithoutTrace(t *testing.T) {
	const trace = "PLEASE submit a bug report to x\n#0 0x1\n"
	if got := withoutTrace("a:1:1: error: no\n" + trace); got != "a:1:1: error: no\n" {
		t.Errorf("got %q", got)
	}
	if got := withoutTrace(trace); got != trace {
		t.Errorf("got %q", got)
	}
}

func TestReduce(t *testing.T) {
	dir := t.TempDir()
	c := Core{
		BTF:     write(t, filepath.Join(dir, "vmlinux"), "", 0o644),
		Objects: []string{write(t, filepath.Join(dir, "a.o"), "", 0o644)},
		Bpftool: write(t, filepath.Join(dir, "bpftool"), "#!/bin/sh\necho \"$*\" >$4\n", 0o755),
		Out:     filepath.Join(dir, "out.btf"),
		Scratch: filepath.Join(dir, "scratch"),
		Log:     io.Discard,
	}
	if err := c.Reduce(); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(c.Out)
	if words := strings.Fields(string(got)); err != nil || !slices.Equal(words[:3], []string{"gen", "min_core_btf", c.BTF}) || words[4] != c.Objects[0] {
		t.Errorf("bpftool was run with %q, %v", got, err)
	}
}

// Whatever a compiler prints, a refusal is one line about the source.
func FuzzRefusal(f *testing.F) {
	f.Add("In file included from a.c:2:\n/t/include/net/sock.h:1:2: fatal error: 'asm/bug.h' file not found\n", "uapi")
	f.Add("a.c:1:2: fatal error: 'vmlinux.h' file not found\n", "kernel")
	f.Add("a.c:1:2: warning: w\nx:1:1: error: \n", "btf")
	f.Fuzz(func(t *testing.T, out, mode string) {
		o := Object{Mode: Mode(mode), Tree: "/t"}
		o.target.name = "x86"
		err := o.refusal("a.c", withoutTrace(out))
		if err != nil && (!strings.HasPrefix(err.Error(), "compile a.c: ") || strings.Contains(err.Error(), "\n")) {
			t.Errorf("got %q, want one line about a.c", err)
		}
	})
}
