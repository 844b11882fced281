// SPDX-License-Identifier: Apache-2.0

package kmodule

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A tree that has all that is looked for before make is called.
var whole = map[string]string{
	"Makefile":                      "modules:\n\t@touch $(M)/x.ko $(M)/Module.symvers $(M)/modules.order\n",
	"Module.symvers":                "0x00000001\tprintk\tvmlinux\tEXPORT_SYMBOL\t\n",
	"include/config/auto.conf":      "CONFIG_X86=y\n",
	"include/config/kernel.release": "6.1.0\n",
	"include/generated/autoconf.h":  "#define CONFIG_X86 1\n",
	"scripts/basic/fixdep":          "tool",
	"scripts/mod/modpost":           "tool",
}

func tree(t *testing.T, without string, with ...string) string {
	t.Helper()
	dir := t.TempDir()
	files := map[string]string{}
	for name, content := range whole {
		files[name] = content
	}
	delete(files, without)
	for i := 0; i < len(with); i += 2 {
		files[with[i]] = with[i+1]
	}
	for name, content := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestBuild(t *testing.T) {
	const fails = "modules:\n\t@echo 'ERROR: modpost: \"foo\" [/m/x.ko] undefined!' && exit 1\n"
	makefile := func(lines string) []string { return []string{"Makefile", "modules:\n\t@" + lines + "\n"} }
	foreign := foreignELF(t)
	for _, test := range []struct {
		name, tree, out string
		change          func(*Module)
		want            string
	}{
		{"good", tree(t, ""), "x.ko", nil, ""},
		{"the release asked for", tree(t, ""), "x.ko", func(m *Module) { m.Release = "6.1.0" }, ""},
		{"another release", tree(t, ""), "x.ko", func(m *Module) { m.Release = "6.2.0" }, "is for kernel release 6.1.0, expected 6.2.0"},
		{"no Makefile", tree(t, "Makefile"), "x.ko", nil, `pack it with profile = "module"`},
		{"no configuration", tree(t, "include/generated/autoconf.h"), "x.ko", nil, "not configured"},
		{"no Module.symvers", tree(t, "Module.symvers"), "x.ko", nil, "packed after modpost"},
		{"an empty Module.symvers", tree(t, "", "Module.symvers", ""), "x.ko", nil, "packed after modpost"},
		{"no host tools", tree(t, "scripts/mod/modpost"), "x.ko", nil, "packed without host tools"},
		{"host tools of another machine", tree(t, "", "scripts/basic/fixdep", foreign), "x.ko", nil, "the host tool scripts/basic/fixdep is for s390, and this machine is"},
		{"a program of 5.15's of another machine", tree(t, "", "tools/objtool/objtool", foreign, "include/config/auto.conf", "CONFIG_X86=y\nCONFIG_STACK_VALIDATION=y\n"),
			"x.ko", nil, "objtool is for s390"},
		{"a program that is not run of another machine", tree(t, "", "tools/objtool/objtool", foreign), "x.ko", nil, ""},
		{"no architecture", tree(t, "", "include/config/auto.conf", "CONFIG_VAX=y\n"), "x.ko", nil, "give --arch"},
		{"no such module", tree(t, ""), "y.ko", nil, "the build made x.ko; the Kbuild file must have 'obj-m += y.o'"},
		{"an undefined symbol", tree(t, "", "Makefile", fails), "x.ko", nil, "undefined foo in x.ko"},
		{"exported twice", tree(t, "", makefile("echo \"ERROR: modpost: x: 'f' exported twice\"; exit 1")...), "x.ko", nil, "link the module: x: 'f' exported twice"},
		{"no source of an object", tree(t, "", makefile("echo \"make[1]: *** No rule to make target '$(M)/y.o', needed by '$(M)/x.o'.\"; exit 1")...), "x.ko", nil,
			"there is no y.c and no y.S"},
		{"a source that does not compile", tree(t, "", makefile("echo \"make[1]: *** [Makefile:1: $(M)/x.o] Error 1\"; exit 1")...), "x.ko", nil, ErrShown.Error()},
		{"two sources of one name", tree(t, ""), "x.ko", func(m *Module) { m.Sources = append(m.Sources, "Kbuild=other") }, "source Kbuild is both"},
		{"a source outside", tree(t, ""), "x.ko", func(m *Module) { m.Sources = append(m.Sources, "../a=b") }, "a path within the tree"},
		{"no Kbuild file", tree(t, ""), "x.ko", func(m *Module) { m.Sources = m.Sources[1:] }, "no Kbuild and no Makefile"},
		{"an option of its own", tree(t, ""), "x.ko", func(m *Module) { m.Config = []string{"CONFIG_OWN=m", "CONFIG_X86=y"} }, ""},
		{"an option of the kernel's", tree(t, ""), "x.ko", func(m *Module) { m.Config = []string{"CONFIG_X86=n"} }, "cannot change the kernel's configuration"},
		{"an option that is none", tree(t, ""), "x.ko", func(m *Module) { m.Config = []string{"OWN=m"} }, "expected CONFIG_NAME=VALUE"},
		{"a flag with a variable", tree(t, ""), "x.ko", func(m *Module) { m.Flags = []string{"-I$(src)"} }, "use includes"},
		{"a compiler that is not there", tree(t, ""), "x.ko", func(m *Module) { m.Compiler = "bin/wrapper.sh" }, "no such file or directory; install it, or name another"},
		{"a compiler that is none", tree(t, ""), "x.ko", func(m *Module) { m.Compiler = "false" }, "run false --version: exit status 1; expected a C compiler, gcc or clang"},
		{"an architecture without a known compiler", tree(t, "", "include/config/auto.conf", "CONFIG_MIPS=y\n"), "x.ko", nil,
			"the archive is for mips, and no name of a compiler"},
		{"the architecture that it is for", tree(t, ""), "x.ko", func(m *Module) { m.Arch = "x86_64" }, ""},
		{"another architecture", tree(t, ""), "x.ko", func(m *Module) { m.Arch = "arm64" }, "--arch is arm64, and the archive is for x86; leave --arch out"},
		{"no such compiler", tree(t, ""), "x.ko", func(m *Module) { m.CrossCompile = "no-such-" }, "there is no no-such-gcc"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			sources := map[string]string{"Kbuild": "obj-m := x.o\n", "x.c": ""}
			for name, content := range sources {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			out := filepath.Join(dir, "out.ko")
			m := Module{
				Tree: test.tree, Sources: []string{"Kbuild=" + filepath.Join(dir, "Kbuild"), "x.c=" + filepath.Join(dir, "x.c")},
				Outs: []string{test.out + "=" + out}, Scratch: filepath.Join(dir, "scratch"), Log: io.Discard,
			}
			if test.change != nil {
				test.change(&m)
			}
			err := m.Build()
			_, left := os.Stat(out)
			if test.want == "" {
				if err != nil || left != nil {
					t.Errorf("error = %v, %v; want a module", err, left)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error = %v, want one with %q", err, test.want)
			}
			if left == nil {
				t.Error("there is a module, want none")
			}
			if _, err := os.Stat(filepath.Join(dir, "scratch")); err == nil {
				t.Error("the scratch directory is left")
			}
		})
	}
}

// A scratch directory that is the user's own stays as it is.
func TestScratchOfTheUser(t *testing.T) {
	dir := t.TempDir()
	own := filepath.Join(dir, "own")
	if err := os.WriteFile(own, []byte("text"), 0o644); err != nil {
		t.Fatal(err)
	}
	err := Module{Tree: tree(t, ""), Scratch: dir, Log: io.Discard}.Build()
	if err == nil || !strings.Contains(err.Error(), "scratch "+dir+" is there and not empty") {
		t.Errorf("error = %v, want one that names %s", err, dir)
	}
	if got, err := os.ReadFile(own); string(got) != "text" {
		t.Errorf("the user's file has %q, %v, want it as it was", got, err)
	}
}

// An output that cannot be written whole is not left.
func TestBringOut(t *testing.T) {
	for _, test := range []struct {
		name   string
		made   []string
		change func(m *Module, out string)
		want   string
	}{
		{"all", []string{"x.ko", "Module.symvers"}, func(*Module, string) {}, ""},
		{"a module that is not made", []string{"x.ko", "Module.symvers"}, func(m *Module, out string) { m.Outs = append(m.Outs, "y.ko="+out+"/y.ko") }, "the build made x.ko"},
		{"no Module.symvers", []string{"x.ko"}, func(*Module, string) {}, "output Module.symvers: the build made none"},
		{"a command that is none", []string{"x.ko", "Module.symvers", ".x.o.cmd"}, func(m *Module, out string) { m.Commands = out + "/commands" }, "a single quote is open"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir, out := t.TempDir(), t.TempDir()
			for _, name := range test.made {
				if err := os.WriteFile(filepath.Join(dir, name), []byte("cmd_x.o := gcc 'x.c\n"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			m := Module{dir: dir, root: dir, Outs: []string{"x.ko=" + out + "/x.ko"}, Symvers: out + "/symvers"}
			test.change(&m, out)
			err := m.bringOut()
			left, _ := os.ReadDir(out)
			if test.want == "" && (err != nil || len(left) != 2) {
				t.Errorf("error = %v, and %v are there; want both files", err, left)
			}
			if test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want) || len(left) > 0) {
				t.Errorf("error = %v, and %v are left; want one with %q and no file", err, left, test.want)
			}
		})
	}
}

// What make is told about the compiler: clang's for a kernel that clang built,
// whatever the C++ toolchain is.
func TestMakeVariables(t *testing.T) {
	bin := t.TempDir()
	for _, name := range []string{"clang", "aarch64-linux-gnu-gcc"} {
		script := "#!/bin/sh\n[ $1 = -dumpmachine ] && echo aarch64-linux-gnu || echo " + name + " 1\n"
		if err := os.WriteFile(filepath.Join(bin, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	const makefile = "modules:\n\t@echo ARCH=$(ARCH) LLVM=$(LLVM) CROSS_COMPILE=$(CROSS_COMPILE) >$(M)/x.ko; touch $(M)/Module.symvers $(M)/modules.order\n"
	for _, test := range []struct{ name, config, compiler, want string }{
		{"LLVM", "CONFIG_X86=y\nCONFIG_CC_IS_CLANG=y\nCONFIG_CC_VERSION_TEXT=\"clang 1\"\n", "", "ARCH=x86 LLVM=1 CROSS_COMPILE="},
		{"LLVM for another machine", "CONFIG_ARM64=y\nCONFIG_CC_IS_CLANG=y\n", "", "ARCH=arm64 LLVM=1 CROSS_COMPILE="},
		{"a toolchain's gcc for another machine", "CONFIG_ARM64=y\n", filepath.Join(bin, "aarch64-linux-gnu-gcc"), "ARCH=arm64 LLVM= CROSS_COMPILE=aarch64-linux-gnu-"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir, log := t.TempDir(), new(strings.Builder)
			kbuild, out := filepath.Join(dir, "Kbuild"), filepath.Join(dir, "x.ko")
			if err := os.WriteFile(kbuild, []byte("obj-m := x.o\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			m := Module{
				Tree: tree(t, "", "include/config/auto.conf", test.config, "Makefile", makefile), Compiler: test.compiler,
				Sources: []string{"Kbuild=" + kbuild}, Outs: []string{"x.ko=" + out}, Scratch: filepath.Join(dir, "scratch"), Log: log,
			}
			if err := m.Build(); err != nil {
				t.Fatal(err)
			}
			if got, err := os.ReadFile(out); err != nil || strings.TrimSpace(string(got)) != test.want || log.Len() > 0 {
				t.Errorf("make was told %q, %v, and %q was shown; want %q", got, err, log, test.want)
			}
		})
	}
}

// foreignELF is the header of an ELF file for a machine that no test runs on.
func foreignELF(t *testing.T) string { return elfHeader(t, elf.ET_EXEC, elf.EM_S390) }

func elfHeader(t *testing.T, kind elf.Type, machine elf.Machine) string {
	t.Helper()
	var b bytes.Buffer
	h := elf.Header64{Type: uint16(kind), Machine: uint16(machine), Version: 1, Ehsize: 64}
	copy(h.Ident[:], elf.ELFMAG)
	h.Ident[elf.EI_CLASS], h.Ident[elf.EI_DATA], h.Ident[elf.EI_VERSION] = byte(elf.ELFCLASS64), byte(elf.ELFDATA2MSB), 1
	if err := binary.Write(&b, binary.BigEndian, h); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestCommand(t *testing.T) {
	m := Module{Tree: "/x/out/tree", tree: "out/tree", root: "/s/module", dir: "/s/module/src", given: map[string]string{"src/a.c": "pkg/src/a.c", "inc/a.h": "pkg/inc/a.h"}}
	for _, test := range []struct{ name, text, file, want string }{
		{"6.1", `cmd_/s/module/src/a.o := gcc -Wp,-MMD,/s/module/src/.a.o.d -I./include -include ./include/linux/kconfig.h -fdebug-prefix-map=/x/out/tree=. -ffile-prefix-map=/x/out/tree/= ` +
			`-I/s/module/inc -fconserve-stack -D'A="x y"' -DB='"b"' -c -o /s/module/src/a.o /s/module/src/a.c ; ./tools/objtool/objtool a.o` + "\n\nsource_a.o := a.c\n",
			"pkg/src/a.c", `gcc|-Iout/tree/include|-include|out/tree/include/linux/kconfig.h|-Ipkg/inc|-DA="x y"|-DB="b"|-c|-o|pkg/src/a.o|pkg/src/a.c`},
		{"7.2", `savedcmd_a.o := gcc -I/x/out/tree/include -I./ -D$$x -D'$(pound)' -c -o a.o a.c ` + "\n",
			"pkg/src/a.c", `gcc|-Iout/tree/include|-Ipkg/src|-D$x|-D#|-c|-o|pkg/src/a.o|pkg/src/a.c`},
		{"a link", "cmd_/s/module/src/b.o := ld -r -o /s/module/src/b.o @/s/module/src/b.mod\n", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, ok, err := m.command(test.text)
			if err != nil {
				t.Fatal(err)
			}
			if ok != (test.file != "") {
				t.Fatalf("a source = %v, want %v", ok, test.file != "")
			}
			if got := strings.Join(c.Arguments, "|"); ok && (got != test.want || c.File != test.file) {
				t.Errorf("command of %s:\n%s\nwant of %s:\n%s", c.File, got, test.file, test.want)
			}
		})
	}
	// The workspace's own directory has no prefix, and -I must have a word of its own.
	top := Module{Tree: "/t", tree: "t", root: "/s/module", dir: "/s/module", given: map[string]string{"a.c": "a.c"}}
	c, _, err := top.command("cmd_/s/module/a.o := gcc -I/s/module -falign-jumps=1 -Werror=designated-init -c -o /s/module/a.o /s/module/a.c\n")
	if got := strings.Join(c.Arguments, "|"); got != "gcc|-I.|-c|-o|a.o|a.c" || err != nil {
		t.Errorf("in the workspace's directory: %s, %v", got, err)
	}
	if _, _, err := m.command("cmd_/s/a.o := gcc -D'open a.c\n"); err == nil {
		t.Error("an open quote is no error")
	}
}

func TestMergeCommands(t *testing.T) {
	file := filepath.Join(t.TempDir(), "c.json")
	if err := WriteCommands(file, []Command{{Directory: ".", File: "a.c", Arguments: []string{"gcc", "a.c"}}}); err != nil {
		t.Fatal(err)
	}
	got, err := MergeCommands("/w", []string{file, file})
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[1].Directory != "/w" || got[1].File != "a.c" {
		t.Errorf("MergeCommands = %+v, want two of a.c in /w", got)
	}
	if err := os.WriteFile(file, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := MergeCommands("/w", []string{file}); err == nil || !strings.Contains(err.Error(), "expected compile_commands.json") {
		t.Errorf("error = %v, want one that says what was expected", err)
	}
}
