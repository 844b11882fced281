// SPDX-License-Identifier: Apache-2.0

package kmodule

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// Version texts of compilers.
const (
	gcc11   = "%s (Debian 11.3.0-12) 11.3.0"
	gcc12   = "%s (Debian 12.2.0-14+deb12u1) 12.2.0"
	gcc12b  = "%s (Debian 12.4.0-1) 12.4.0"
	clang16 = "Debian clang version 16.0.6 (15~deb12u1)"
	clang19 = "Debian clang version 19.1.7 (3)"
)

// A fakeCompiler names itself as it is called, and its machine.
type fakeCompiler struct{ file, version, machine string }

// install makes compilers, and other programs that do nothing, below dir.
func install(t *testing.T, dir string, compilers []fakeCompiler, others ...string) {
	t.Helper()
	for _, c := range compilers {
		version := c.version
		if strings.Contains(version, "%s") {
			version = fmt.Sprintf(version, filepath.Base(c.file))
		}
		put(t, filepath.Join(dir, c.file), "#!/bin/sh\ncase $1 in\n--version) echo '"+version+"'; echo more;;\n-dumpmachine) echo "+c.machine+
			";;\n-print-prog-name=*) echo ${1#*=};;\nesac\n")
	}
	for _, name := range others {
		put(t, filepath.Join(dir, name), "#!/bin/sh\n")
	}
}

// x86Linux is what compilers for x86-64 print for -dumpmachine.
const x86Linux = "x86_64-linux-gnu"

// The compiler that runs is the one that is named, whatever its name; else the
// kernel's own; else the default.
func TestCompilerThatRuns(t *testing.T) {
	own := map[string]string{"x86": x86Linux, "arm64": "aarch64-linux-gnu"}[native.Name]
	if own == "" {
		t.Fatalf("this test knows no compiler of %s", runtime.GOARCH)
	}
	here, foreign := native.Name, "riscv"
	machine := prefixOf(t, foreign)
	for _, test := range []struct {
		name      string
		kernel    string // its compiler's version text
		arch      string
		on        []fakeCompiler // on the PATH
		others    []string       // programs on the PATH
		elsewhere []fakeCompiler // in another directory, DIR
		beside    []string       // programs there
		compiler  string
		want      string // what make is told, but for jobs and ARCH
	}{
		{name: "the kernel's own, by its own name", kernel: "gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0", arch: here,
			on: []fakeCompiler{{"gcc", gcc11, own}, {"gcc-12", gcc12, own}}, want: "CC=gcc-12 LD=ld HOSTCC=gcc-12"},
		{name: "the kernel's own, by another name", kernel: own + "-gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0", arch: here,
			on: []fakeCompiler{{"gcc", gcc11, own}, {"gcc-12", gcc12, own}}, want: "CC=gcc-12 LD=ld HOSTCC=gcc-12"},
		{name: "the kernel's own is the default", kernel: "gcc (Debian 12.2.0-14+deb12u1) 12.2.0", arch: here,
			on: []fakeCompiler{{"gcc", gcc12, own}}, want: "CC=gcc LD=ld HOSTCC=gcc"},
		{name: "one of the kernel's major version", kernel: "gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0", arch: here,
			on: []fakeCompiler{{"gcc", gcc11, own}, {"gcc-12", gcc12b, own}}, want: "CC=gcc-12 LD=ld HOSTCC=gcc-12"},
		{name: "none of the kernel's", kernel: "gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0", arch: here,
			on: []fakeCompiler{{"gcc", gcc11, own}}, want: ""},
		{name: "the kernel's for another machine", kernel: machine + "gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0", arch: foreign,
			on:     []fakeCompiler{{machine + "gcc", gcc11, "riscv64-linux-gnu"}, {machine + "gcc-12", gcc12, "riscv64-linux-gnu"}},
			others: []string{machine + "ld"}, want: "CROSS_COMPILE=" + machine + " CC=" + machine + "gcc-12 LD=" + machine + "ld"},
		{name: "a native kernel's for another machine", kernel: "gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0", arch: foreign,
			on:   []fakeCompiler{{"gcc-12", gcc12, own}, {machine + "gcc-12", gcc12, "riscv64-linux-gnu"}},
			want: "CROSS_COMPILE=" + machine + " CC=" + machine + "gcc-12 LD=" + machine + "ld"},
		{name: "the kernel's of a name that is not known here", kernel: "mipsel-openwrt-linux-gcc (OpenWrt GCC 12.3.0 r1) 12.3.0", arch: "mips",
			on:   []fakeCompiler{{"mipsel-openwrt-linux-gcc", "%s (OpenWrt GCC 12.3.0 r1) 12.3.0", "mipsel-openwrt-linux"}},
			want: "CROSS_COMPILE=mipsel-openwrt-linux- CC=mipsel-openwrt-linux-gcc LD=mipsel-openwrt-linux-ld"},
		{name: "the kernel's clang", kernel: clang19, arch: here, on: []fakeCompiler{{"clang", clang16, ""}, {"clang-19", clang19, ""}},
			others: []string{"ld.lld", "ld.lld-19"}, want: "LLVM=-19 CC=clang-19 LD=ld.lld-19 HOSTCC=clang-19"},
		{name: "the kernel's clang is the default", kernel: clang19, arch: foreign, on: []fakeCompiler{{"clang", clang19, ""}},
			others: []string{"ld.lld"}, want: "LLVM=1 CC=clang LD=ld.lld HOSTCC=clang"},
		{name: "a version", kernel: "gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0", arch: here,
			on: []fakeCompiler{{"gcc", gcc12, own}, {"gcc-11", gcc11, own}}, compiler: "gcc-11", want: "CC=gcc-11 LD=ld HOSTCC=gcc-11"},
		{name: "a path", kernel: "gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0", arch: here, on: []fakeCompiler{{"gcc", gcc12, own}},
			elsewhere: []fakeCompiler{{"gcc", gcc11, own}}, compiler: "DIR/gcc", want: "CC=DIR/gcc LD=ld HOSTCC=DIR/gcc"},
		{name: "a name that says nothing", arch: here, elsewhere: []fakeCompiler{{"cc", gcc11, own}}, compiler: "DIR/cc", want: "CC=DIR/cc LD=ld HOSTCC=DIR/cc"},
		{name: "a name that says nothing, of a toolchain", arch: here, elsewhere: []fakeCompiler{{"cc", gcc11, own}}, beside: []string{"ld"},
			compiler: "DIR/cc", want: "CROSS_COMPILE=DIR/ CC=DIR/cc LD=DIR/ld HOSTCC=DIR/cc"},
		{name: "a wrapper of clang", arch: here, elsewhere: []fakeCompiler{{"wrapper.sh", clang19, ""}}, beside: []string{"ld.lld"},
			compiler: "DIR/wrapper.sh", want: "LLVM=1 CC=DIR/wrapper.sh LD=DIR/ld.lld HOSTCC=DIR/wrapper.sh"},
		{name: "clang of a version", kernel: clang19, arch: here, on: []fakeCompiler{{"clang-16", clang16, ""}, {"clang-19", clang19, ""}},
			others: []string{"ld.lld-16", "ld.lld"}, compiler: "clang-16", want: "LLVM=-16 CC=clang-16 LD=ld.lld-16 HOSTCC=clang-16"},
		{name: "clang of a directory", kernel: clang19, arch: here, elsewhere: []fakeCompiler{{"clang", clang16, ""}}, beside: []string{"ld.lld"},
			compiler: "DIR/clang", want: "LLVM=DIR/ CC=DIR/clang LD=DIR/ld.lld HOSTCC=DIR/clang"},
		{name: "clang of a directory and a version", arch: here, elsewhere: []fakeCompiler{{"clang-16", clang16, ""}}, beside: []string{"ld.lld-16", "ld.lld"},
			compiler: "DIR/clang-16", want: "LLVM=1 CC=DIR/clang-16 LD=DIR/ld.lld-16 HOSTCC=DIR/clang-16"},
		{name: "a cross compiler", arch: foreign, elsewhere: []fakeCompiler{{machine + "gcc-13", gcc11, "riscv64-linux-gnu"}}, beside: []string{machine + "ld"},
			compiler: "DIR/" + machine + "gcc-13", want: "CROSS_COMPILE=DIR/" + machine + " CC=DIR/" + machine + "gcc-13 LD=DIR/" + machine + "ld"},
		{name: "a cross compiler beside which there is no ld", arch: foreign, elsewhere: []fakeCompiler{{machine + "gcc-13", gcc11, "riscv64-linux-gnu"}},
			others: []string{machine + "ld"}, compiler: "DIR/" + machine + "gcc-13",
			want: "CROSS_COMPILE=" + machine + " CC=DIR/" + machine + "gcc-13 LD=" + machine + "ld"},
	} {
		t.Run(test.name, func(t *testing.T) {
			bin, dir := t.TempDir(), t.TempDir()
			install(t, bin, test.on, append(test.others, "ld")...)
			install(t, dir, test.elsewhere, test.beside...)
			t.Setenv("PATH", bin)
			config := map[string]string{"CONFIG_CC_VERSION_TEXT": `"` + test.kernel + `"`}
			if strings.Contains(test.kernel, "clang") {
				config["CONFIG_CC_IS_CLANG"] = "y"
			}
			m := Module{Compiler: strings.Replace(test.compiler, "DIR", dir, 1)}
			m.Arch = test.arch
			if err := m.findCompiler(config); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, arg := range m.Args()[2:] {
				switch name, _, _ := strings.Cut(arg, "="); name {
				case "AR", "NM", "OBJCOPY", "OBJDUMP", "READELF", "STRIP":
				default:
					got = append(got, arg)
				}
			}
			if got := strings.ReplaceAll(strings.Join(got, " "), dir, "DIR"); got != test.want {
				t.Errorf("make is told %q, want %q", got, test.want)
			}
		})
	}
}

// All of LLVM's programs are of the compiler's version; a kernel that GNU's ld
// linked is built with that.
func TestProgramsOfClang(t *testing.T) {
	bin := t.TempDir()
	var others []string
	for _, p := range programs {
		others = append(others, p.llvm, p.llvm+"-19", p.gnu)
	}
	install(t, bin, []fakeCompiler{{"clang-19", clang19, ""}}, others...)
	t.Setenv("PATH", bin)
	here, cross := native.Name, prefixOf(t, "riscv")
	for _, test := range []struct{ arch, config, want string }{
		{here, "", "LLVM=-19 CC=clang-19 LD=ld.lld-19 AR=llvm-ar-19 NM=llvm-nm-19 OBJCOPY=llvm-objcopy-19 OBJDUMP=llvm-objdump-19 READELF=llvm-readelf-19 STRIP=llvm-strip-19 HOSTCC=clang-19"},
		{here, "CONFIG_LD_IS_BFD", "CC=clang-19 LD=ld AR=ar NM=nm OBJCOPY=objcopy OBJDUMP=objdump READELF=readelf STRIP=strip HOSTCC=clang-19"},
		{"riscv", "CONFIG_LD_IS_BFD", strings.ReplaceAll("CROSS_COMPILE=P- CC=clang-19 LD=P-ld AR=P-ar NM=P-nm OBJCOPY=P-objcopy OBJDUMP=P-objdump READELF=P-readelf STRIP=P-strip HOSTCC=clang-19", "P-", cross)},
	} {
		m := Module{Compiler: "clang-19"}
		m.Arch = test.arch
		if err := m.findCompiler(map[string]string{test.config: "y"}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(m.Args()[2:], " "); got != test.want {
			t.Errorf("with %s make is told %q, want %q", test.config, got, test.want)
		}
	}
}

// What is given beside the compiler says where the other programs are.
func TestCompilerAndPrefix(t *testing.T) {
	bin := t.TempDir()
	install(t, bin, []fakeCompiler{{"clang-19", clang19, ""}, {"gcc-12", gcc12, x86Linux}}, "ld", "ld.lld")
	t.Setenv("PATH", bin)
	for _, test := range []struct{ compiler, cross, llvm, want string }{
		{"gcc-12", "own-", "", "CROSS_COMPILE=own- CC=gcc-12 LD=own-ld"},
		{"clang-19", "", "/llvm/", "LLVM=/llvm/ CC=clang-19 LD=/llvm/ld.lld"},
		{"clang-19", "", "-18", "LLVM=-18 CC=clang-19 LD=ld.lld-18"},
	} {
		m := Module{Compiler: test.compiler}
		m.Arch, m.CrossCompile, m.LLVM = "x86", test.cross, test.llvm
		if err := m.findCompiler(nil); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(m.Args()[2:], " "); !strings.HasPrefix(got, test.want+" AR=") {
			t.Errorf("make is told %q, want %q", got, test.want)
		}
	}
}

// The kernel's own compiler by another name is no reason for a warning.
func TestCheckCompilerWarns(t *testing.T) {
	const debian = " (Debian 12.2.0-14+deb12u1) 12.2.0"
	for _, test := range []struct {
		kernel, module string
		warns          bool
	}{
		{"gcc" + debian, "gcc" + debian, false},
		{"gcc-12" + debian, "gcc" + debian, false},
		{"gcc-12" + debian, "x86_64-linux-gnu-gcc" + debian, false},
		{"gcc-12" + debian, "cc" + debian, false},
		{"gcc-12" + debian, "gcc (Debian 13.2.0-1) 13.2.0", true},
		{"Debian clang version 19.1.7", "clang version 19.1.7", true},
		{"clang version 19.1.7", "gcc version 19.1.7", true},
	} {
		log := new(strings.Builder)
		m := Module{Log: log, own: toolchain{cc: "cc", version: test.module}}
		kernels, err := m.checkCompiler(map[string]string{"CONFIG_CC_VERSION_TEXT": `"` + test.kernel + `"`})
		if err != nil {
			t.Fatal(err)
		}
		if warned := strings.Count(log.String(), "\n") == 1; warned != test.warns || kernels == test.warns {
			t.Errorf("%s and %s: warning %q, want one line: %v", test.kernel, test.module, log, test.warns)
		}
	}
}

// A flag that the compiler does not know stops the build before it begins: one
// that make gives, or one that an option implies where make does not tell.
func TestUnknownFlags(t *testing.T) {
	const tells = "KBUILD_CFLAGS := -O2 $(FLAG)\nmodules:\n\t@touch $(M)/x.ko; touch $(M)/Module.symvers $(M)/modules.order\n"
	const kernel = "CONFIG_CC_VERSION_TEXT=\"gcc-99 (Debian 99.1.0-1) 99.1.0\"\n"
	own := "CONFIG_" + strings.ToUpper(native.Name) + "=y\n"
	for _, test := range []struct{ name, makefile, config, compiler, want string }{
		{"make's", "FLAG = -fno-such-flag=1 -mno-such-one\n" + tells, kernel, "gcc",
			"gcc does not know -fno-such-flag=1, -mno-such-one, with which the kernel was built by gcc-99 (Debian 99.1.0-1) 99.1.0; install that compiler (apt-get install -y gcc-99)"},
		{"make's, for clang", "FLAG = -fno-such-flag=1\n" + tells, kernel, "clang", "clang does not know -fno-such-flag=1, with which"},
		{"make's, known", tells, kernel, "gcc", ""},
		{"an option's", whole["Makefile"], kernel + "CONFIG_CFI_CLANG=y\n", "gcc", "gcc does not know -fsanitize=kcfi, with which"},
		{"an option's value", whole["Makefile"], kernel + "CONFIG_CC_HAS_MIN_FUNCTION_ALIGNMENT=y\nCONFIG_FUNCTION_ALIGNMENT=none\n", "gcc", "-fmin-function-alignment=none"},
		{"no option's", whole["Makefile"], kernel, "gcc", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			archive := tree(t, "", "include/config/auto.conf", own+test.config, "Makefile", test.makefile)
			m, log := hello(t, archive)
			m.Compiler = test.compiler
			err := m.Build()
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("error = %v, want one with %q", err, test.want)
			}
			if !strings.HasPrefix(log.String(), "kmodule: warning: the kernel was built by gcc-99") || strings.Count(log.String(), "\n") != 1 {
				t.Errorf("shown: %q, want the warning alone", log)
			}
		})
	}
}

// hello is a module of one source, from a tree.
func hello(t *testing.T, archive string) (Module, *bytes.Buffer) {
	t.Helper()
	dir, log := t.TempDir(), new(bytes.Buffer)
	put(t, filepath.Join(dir, "Kbuild"), "obj-m := x.o\n")
	put(t, filepath.Join(dir, "x.c"), "")
	return Module{
		Tree: archive, Sources: []string{"Kbuild=" + filepath.Join(dir, "Kbuild"), "x.c=" + filepath.Join(dir, "x.c")},
		Outs: []string{"x.ko=" + filepath.Join(dir, "x.ko")}, Scratch: filepath.Join(dir, "scratch"), Log: io.Writer(log),
	}, log
}

// prefixOf is the prefix of programs for another architecture.
func prefixOf(t *testing.T, name string) string {
	t.Helper()
	prefix, ok := crossPrefix(name)
	if !ok {
		t.Fatalf("no prefix of %s is known", name)
	}
	return prefix
}
