// SPDX-License-Identifier: Apache-2.0

package kmodule

import (
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/atomicfile"
	"github.com/rules-kheaders/rules_kheaders/internal/cleanup"
	"github.com/rules-kheaders/rules_kheaders/internal/kmake"
)

// An Install is what `make modules_install` does to a module after it is built
// (scripts/Makefile.modinst): strip, then sign. Both change the file, so an
// archive is stamped before.
type Install struct {
	kmake.Target
	Compiler string // whose strip is taken: see Module
	Module   string
	Out      string
	Strip    bool // strip --strip-debug, as INSTALL_MOD_STRIP=1
	// SignFile is the kernel's scripts/sign-file; "" leaves the module unsigned.
	SignFile, Key, Cert string
	Hash                string // CONFIG_MODULE_SIG_HASH: sha256, sha512, …

	Log io.Writer
}

// Run writes Out, or nothing.
func (n Install) Run() error {
	if n.SignFile != "" && (n.Key == "" || n.Cert == "" || n.Hash == "") {
		return fmt.Errorf("sign %s: sign-file needs a key, a certificate and a hash; give --key, --cert and --hash", n.Module)
	}
	machine, err := moduleMachine(n.Module)
	if err != nil {
		return err
	}
	return atomicfile.Write(n.Out, 0o644, func(out *os.File) error { return n.finish(machine, out) })
}

// moduleMachine is the machine that a module is for. What is no module is refused.
func moduleMachine(file string) (elf.Machine, error) {
	f, err := os.Open(file)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	const expected = "expected a module as it was built, not compressed"
	module, err := elf.NewFile(f)
	if err != nil {
		return 0, fmt.Errorf("install %s: it is no ELF file (%w); %s", file, err, expected)
	}
	if module.Type != elf.ET_REL {
		return 0, fmt.Errorf("install %s: it is an ELF file of type %s; %s", file, module.Type, expected)
	}
	return module.Machine, nil
}

// finish strips and signs a copy of the module, and writes it to out. The
// programs replace the file that they are given, so out cannot be that file.
func (n Install) finish(machine elf.Machine, out *os.File) (err error) {
	var dir string
	done, err := cleanup.Make(func() (undo func(), err error) {
		dir, err = os.MkdirTemp(filepath.Dir(out.Name()), ".tmp*")
		return func() { os.RemoveAll(dir) }, err
	})
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, os.RemoveAll(dir))
		done()
	}()
	module := filepath.Join(dir, filepath.Base(n.Out))
	if err := kmake.CopyFile(n.Module, module); err != nil {
		return err
	}
	if n.Strip {
		strip, err := n.findStrip(machine)
		if err != nil {
			return err
		}
		if _, err := kmake.Run(n.Log, ".", dir, strip, "--strip-debug", module); err != nil {
			return err
		}
	}
	if n.SignFile != "" {
		if err := kmake.Absolute(&n.SignFile); err != nil {
			return err
		}
		if _, err := kmake.Run(n.Log, ".", dir, n.SignFile, n.Hash, n.Key, n.Cert, module); err != nil {
			return err
		}
	}
	finished, err := os.Open(module)
	if err != nil {
		return err
	}
	defer finished.Close()
	_, err = io.Copy(out, finished)
	return err
}

// elfArches are the directories below arch/ by the machine that modules are for.
var elfArches = map[elf.Machine]string{
	elf.EM_386: "x86", elf.EM_AARCH64: "arm64", elf.EM_ARM: "arm", elf.EM_LOONGARCH: "loongarch", elf.EM_MIPS: "mips",
	elf.EM_PPC: "powerpc", elf.EM_PPC64: "powerpc", elf.EM_RISCV: "riscv", elf.EM_S390: "s390", elf.EM_X86_64: "x86",
}

// findStrip is the program that strips the module: the toolchain's, else the
// machine's for what the module is for. GNU's strip knows its own targets
// alone, and llvm-strip, which a kernel of clang is made with, knows all.
func (n Install) findStrip(machine elf.Machine) (string, error) {
	known, err := findNamed(&n.Target, n.Compiler)
	if err != nil {
		return "", err
	}
	names, advice := []string{program(n.Target, "strip", "llvm-strip")}, "install it"
	if !known {
		names, advice = []string{"llvm-strip"}, "install LLVM"
		if prefix, ok := crossPrefix(elfArches[machine]); ok {
			names = []string{prefix + "strip", "llvm-strip"}
			// Debian names its packages so.
			advice = "install " + strings.ReplaceAll(strings.TrimSuffix("binutils-"+prefix, "-"), "_", "-")
		}
		advice += ", or register a C++ toolchain for the platform"
	}
	for _, name := range names {
		if _, err := exec.LookPath(name); err == nil {
			return name, nil
		}
	}
	return "", fmt.Errorf("strip %s: it is for %s, and there is no %s; %s",
		n.Module, name(machine), strings.Join(names, " and no "), advice)
}
