// SPDX-License-Identifier: Apache-2.0

package kmodule

import (
	"debug/elf"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/internal/carrier"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/arch"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/kmake"
)

// programs makes a directory of programs that add their names to their last argument.
func fakePrograms(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\necho \"$1 by ${0##*/}\" >>\"$2\"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestInstallStrips(t *testing.T) {
	// A machine that is not this one, and Debian's name of what is for it.
	other, suffix := elf.EM_AARCH64, "aarch64-linux-gnu"
	if runtime.GOARCH == "arm64" {
		other, suffix = elf.EM_S390, "s390x-linux-gnu"
	}
	gnu := suffix + "-strip"
	llvm := fakePrograms(t, "llvm-strip") + "/"
	lab := fakePrograms(t, "lab-strip", "lab-ld")
	install(t, lab, []fakeCompiler{{"lab-gcc", gcc12, suffix}})
	gcc := filepath.Join(lab, "lab-gcc")
	host := native.Go[runtime.GOARCH]
	for _, test := range []struct {
		name     string
		machine  elf.Machine
		on       []string // the programs on the PATH
		target   kmake.Target
		compiler string
		want     string // the program, or what the error says
	}{
		{"the machine's own", host, []string{"strip", "llvm-strip"}, kmake.Target{}, "", "by strip"},
		{"another's", other, []string{"strip", "llvm-strip", gnu}, kmake.Target{}, "", "by " + gnu},
		{"another's, with the machine's compiler", other, []string{"strip", gnu}, kmake.Target{}, "/usr/bin/gcc", "by " + gnu},
		{"another's with LLVM alone", other, []string{"strip", "llvm-strip"}, kmake.Target{}, "", "by llvm-strip"},
		{"another's with none", other, []string{"strip"}, kmake.Target{}, "",
			"it is for " + arch.MachineName(other) + ", and there is no " + gnu + " and no llvm-strip; install binutils-" + suffix + ", or register"},
		{"one without a name", elf.EM_MIPS, []string{"strip", "llvm-strip"}, kmake.Target{}, "", "by llvm-strip"},
		{"one without a name, with none", elf.EM_MIPS, []string{"strip"}, kmake.Target{}, "", "it is for mips, and there is no llvm-strip; install LLVM"},
		{"a prefix", other, []string{"strip", gnu, "own-strip"}, kmake.Target{CrossCompile: "own-"}, "", "by own-strip"},
		{"LLVM", other, []string{"strip", gnu, "llvm-strip"}, kmake.Target{LLVM: "1"}, "", "by llvm-strip"},
		{"LLVM of a version", other, []string{"llvm-strip", "llvm-strip-19"}, kmake.Target{LLVM: "-19"}, "", "by llvm-strip-19"},
		{"LLVM of a directory", other, []string{"strip", gnu}, kmake.Target{LLVM: llvm}, "", "by llvm-strip"},
		{"LLVM that is not there", other, []string{gnu}, kmake.Target{LLVM: "-19"}, "", "there is no llvm-strip-19; install it"},
		{"a toolchain's", other, []string{"strip", gnu}, kmake.Target{}, gcc, "by lab-strip"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("PATH", fakePrograms(t, test.on...))
			dir := t.TempDir()
			module, out := filepath.Join(dir, "x.ko"), filepath.Join(dir, "out.ko")
			built := elfHeader(t, elf.ET_REL, test.machine)
			if err := os.WriteFile(module, []byte(built), 0o644); err != nil {
				t.Fatal(err)
			}
			err := Install{Target: test.target, Compiler: test.compiler, Module: module, Out: out, Strip: true, Log: os.Stderr}.Run()
			if !strings.HasPrefix(test.want, "by ") {
				if err == nil || !strings.Contains(err.Error(), test.want) || exists(dir, "out.ko") {
					t.Errorf("error = %v, want one with %q and no module", err, test.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got, err := os.ReadFile(out); err != nil || string(got) != built+"--strip-debug "+test.want+"\n" {
				t.Errorf("the module has %q, %v; want it stripped %s", got, err, test.want)
			}
		})
	}
}

// A strip that is named runs, whatever the module is for and the PATH has.
func TestInstallStripsByProgram(t *testing.T) {
	dir := t.TempDir()
	module, out := filepath.Join(dir, "x.ko"), filepath.Join(dir, "out.ko")
	built := elfHeader(t, elf.ET_REL, elf.EM_AARCH64)
	if err := os.WriteFile(module, []byte(built), 0o644); err != nil {
		t.Fatal(err)
	}
	own := filepath.Join(fakePrograms(t, "rust-strip"), "rust-strip")
	t.Setenv("PATH", fakePrograms(t, "strip", "llvm-strip", "aarch64-linux-gnu-strip"))
	if err := (Install{StripProgram: own, Module: module, Out: out, Strip: true, Log: os.Stderr}).Run(); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(out); err != nil || string(got) != built+"--strip-debug by rust-strip\n" {
		t.Errorf("the module has %q, %v; want it stripped by rust-strip", got, err)
	}
}

func TestInstallWrites(t *testing.T) {
	link := filepath.Join(t.TempDir(), "null")
	if err := os.Symlink(os.DevNull, link); err != nil {
		t.Fatal(err)
	}
	built := elfHeader(t, elf.ET_REL, elf.EM_X86_64)
	for _, test := range []struct {
		name, content string
		mode          fs.FileMode // of the module that is given
		out           string      // "" for a file to be made
		want          string
	}{
		{"a module", built, 0o600, "", ""},
		{"a module that can be run", built, 0o755, "", ""},
		{"a text", "obj-m := x.o\nccflags-y := -O1\n", 0o644, "", "it is no ELF file"},
		{"an empty file", "", 0o644, "", "it is no ELF file"},
		{"a program", elfHeader(t, elf.ET_EXEC, elf.EM_X86_64), 0o644, "", "it is an ELF file of type ET_EXEC"},
		{"into a directory", built, 0o644, t.TempDir(), "it is a directory: give the name of a file"},
		{"into a link to a device", built, 0o644, link, "it is a symbolic link, and would be replaced: give the name of a file"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			module, out := filepath.Join(dir, "x.ko"), filepath.Join(dir, "out", "x.ko")
			if err := os.WriteFile(module, []byte(test.content), test.mode); err != nil {
				t.Fatal(err)
			}
			if err := os.Mkdir(filepath.Join(dir, "out"), 0o755); err != nil {
				t.Fatal(err)
			}
			given := out
			if test.out != "" {
				given = test.out
			}
			before, _ := os.Lstat(given)
			err := Install{Module: module, Out: given, Log: os.Stderr}.Run()
			left, _ := os.ReadDir(filepath.Join(dir, "out"))
			if test.want != "" {
				if err == nil || !strings.Contains(err.Error(), test.want) || len(left) > 0 {
					t.Errorf("error = %v, and %v are left; want one with %q and no file", err, left, test.want)
				}
				if after, err := os.Lstat(given); before != nil && (err != nil || after.Mode() != before.Mode()) {
					t.Errorf("%s is now %v, %v; want it as it was", given, after, err)
				}
				return
			}
			if err != nil || len(left) != 1 {
				t.Fatalf("error = %v, and %v are there; want the module", err, left)
			}
			if info, err := os.Stat(out); err != nil || info.Mode() != 0o644 {
				t.Errorf("mode = %v, %v; want 0644", info.Mode(), err)
			}
		})
	}
}

// A sign-file that does not run here is named, with the reason.
func TestInstallForeignSignFile(t *testing.T) {
	dir := t.TempDir()
	module, signer := filepath.Join(dir, "x.ko"), filepath.Join(dir, "sign-file")
	put(t, module, elfHeader(t, elf.ET_REL, elf.EM_X86_64))
	put(t, signer, foreignELF(t))
	err := Install{Module: module, Out: filepath.Join(dir, "out.ko"), SignFile: signer, Key: "key", Cert: "cert", Hash: "sha256", Log: os.Stderr}.Run()
	if want := "sign-file is for s390, and this machine is "; err == nil || !strings.Contains(err.Error(), want) || exists(dir, "out.ko") {
		t.Errorf("error = %v, want one with %q and no module", err, want)
	}
}

// A signature is never dropped, and never followed by another.
func TestInstallSigned(t *testing.T) {
	object := filepath.Join(t.TempDir(), "x.o")
	source := filepath.Join(t.TempDir(), "x.c")
	put(t, source, "int x;\n")
	if out, err := exec.Command("gcc", "-g", "-c", "-o", object, source).CombinedOutput(); err != nil {
		t.Fatalf("gcc: %v\n%s", err, out)
	}
	text, err := os.ReadFile(object)
	if err != nil {
		t.Fatal(err)
	}
	const signature = "PKCS7" + "\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x05" + carrier.ModuleTrailer
	signer := filepath.Join(t.TempDir(), "sign-file")
	put(t, signer, "#!/bin/sh\nprintf '"+strings.TrimSpace(carrier.ModuleTrailer)+"\\n' >>$4\n")
	built := string(text)
	for _, test := range []struct {
		name, module string
		strip, sign  bool
		want         string // of the error, or how the module ends
	}{
		{"a module", built, false, false, built},
		{"a module, to sign", built, false, true, built + carrier.ModuleTrailer},
		{"a module, to strip", built, true, false, ""},
		{"a signed module", built + signature, false, false, built + signature},
		{"a signed module, to strip", built + signature, true, false, "error: strip FILE: a signature is behind its ELF file, and strip would drop it; expected the module as it was linked"},
		{"a signed module, to sign", built + signature, false, true, "error: sign FILE: a signature is behind its ELF file, and the new signature would come after it"},
		{"a module that is signed twice, to strip and sign", built + signature + signature, true, true, "error: strip FILE: a signature is behind"},
		{"a padded module, to sign", built + "\n", false, true, "error: sign FILE: something of 1 bytes that is no signature is behind its ELF file"},
		{"a signature that is padded, to strip", built + signature + "\x00", true, false, "error: strip FILE: something of "},
	} {
		dir := t.TempDir()
		module, out := filepath.Join(dir, "x.ko"), filepath.Join(dir, "out.ko")
		put(t, module, test.module)
		n := Install{Module: module, Out: out, Strip: test.strip, Log: os.Stderr}
		if test.sign {
			n.SignFile, n.Key, n.Cert, n.Hash = signer, "key", "cert", "sha256"
		}
		err := n.Run()
		if want, ok := strings.CutPrefix(test.want, "error: "); ok {
			if err == nil || !strings.Contains(strings.ReplaceAll(err.Error(), module, "FILE"), want) || exists(dir, "out.ko") {
				t.Errorf("%s: error = %v, want one with %q and no module", test.name, err, want)
			}
			continue
		}
		if got, readErr := os.ReadFile(out); err != nil || readErr != nil || !strings.HasSuffix(string(got), test.want) {
			t.Errorf("%s: %v, %v, %d bytes, want them to end in %d", test.name, err, readErr, len(got), len(test.want))
		}
	}
}
