// SPDX-License-Identifier: Apache-2.0

package kmodule

import (
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/carrier"
	"github.com/rules-kheaders/rules_kheaders/internal/cli/atomicfile"
	"github.com/rules-kheaders/rules_kheaders/internal/cli/cleanup"
	"github.com/rules-kheaders/rules_kheaders/internal/cli/infile"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/arch"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/kmake"
)

// An Install is what `make modules_install` does to a module after it is built
// (scripts/Makefile.modinst): strip, then sign. Both change the file, so an
// archive is stamped before.
type Install struct {
	kmake.Target
	Compiler string // whose strip is taken: see Module
	// StripProgram is the strip of a toolchain, which is run as it is; "" looks for one.
	StripProgram string
	Module       string
	Out          string
	Strip        bool // strip --strip-debug, as INSTALL_MOD_STRIP=1
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
	machine, behind, err := readModule(n.Module)
	if err != nil {
		return err
	}
	if behind != "" && n.Strip {
		return fmt.Errorf("strip %s: %s is behind its ELF file, and strip would drop it; expected the module as it was linked, before it was signed", n.Module, behind)
	}
	if behind != "" && n.SignFile != "" {
		return fmt.Errorf("sign %s: %s is behind its ELF file, and the new signature would come after it; expected the module as it was linked, before it was signed",
			n.Module, behind)
	}
	return atomicfile.Write(n.Out, 0o644, func(out *os.File) error { return n.finish(machine, out) })
}

// readModule returns the machine that a module is for, and what is behind its
// ELF file, or "". What is no module is refused.
func readModule(file string) (machine elf.Machine, behind string, err error) {
	f, err := infile.Open(file)
	if err != nil {
		return 0, "", err
	}
	defer f.Close()
	const expected = "expected a module as it was built, not compressed"
	module, err := elf.NewFile(f)
	if err != nil {
		return 0, "", fmt.Errorf("install %s: it is no ELF file (%w); %s", file, err, expected)
	}
	if module.Type != elf.ET_REL {
		return 0, "", fmt.Errorf("install %s: it is an ELF file of type %s; %s", file, module.Type, expected)
	}
	info, err := f.Stat()
	if err != nil {
		return 0, "", err
	}
	end, err := elfEnd(f, module)
	if err != nil {
		return 0, "", fmt.Errorf("install %s: %w", file, err)
	}
	size := info.Size()
	if size <= end {
		return module.Machine, "", nil
	}
	tail := make([]byte, min(size-end, int64(len(carrier.ModuleTrailer))))
	if _, err := f.ReadAt(tail, size-int64(len(tail))); err != nil {
		return 0, "", fmt.Errorf("install %s: %w", file, err)
	}
	if string(tail) == carrier.ModuleTrailer {
		return module.Machine, "a signature", nil
	}
	return module.Machine, fmt.Sprintf("something of %d bytes that is no signature", size-end), nil
}

// elfEnd is where an ELF file ends: after its last section or its table
// of sections. What follows is no part of it.
func elfEnd(f io.ReaderAt, module *elf.File) (int64, error) {
	// e_shoff and e_shentsize (elf(5)).
	var header [64]byte
	size, table, entry := 64, uint64(0), uint64(0)
	if module.Class == elf.ELFCLASS32 {
		size = 52
	}
	if _, err := f.ReadAt(header[:size], 0); err != nil {
		return 0, fmt.Errorf("read the ELF header: %w", err)
	}
	if module.Class == elf.ELFCLASS32 {
		table, entry = uint64(module.ByteOrder.Uint32(header[32:])), uint64(module.ByteOrder.Uint16(header[46:]))
	} else {
		table, entry = module.ByteOrder.Uint64(header[40:]), uint64(module.ByteOrder.Uint16(header[58:]))
	}
	end := max(uint64(size), table+entry*uint64(len(module.Sections)))
	for _, s := range module.Sections {
		if s.Type != elf.SHT_NOBITS {
			end = max(end, s.Offset+s.FileSize)
		}
	}
	return int64(end), nil
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
		if why := cannotRun(n.SignFile); why != "" {
			return fmt.Errorf("sign %s: %s %s; build scripts/sign-file of the kernel's source on this machine", n.Module, n.SignFile, why)
		}
		if _, err := kmake.Run(n.Log, ".", dir, n.SignFile, n.Hash, n.Key, n.Cert, module); err != nil {
			return err
		}
	}
	finished, err := infile.Open(module)
	if err != nil {
		return err
	}
	defer finished.Close()
	_, err = io.Copy(out, finished)
	return err
}

// findStrip is the program that strips the module: the toolchain's, else the
// machine's for what the module is for. GNU's strip knows its own targets
// alone, and llvm-strip, which a kernel of clang is made with, knows all.
func (n Install) findStrip(machine elf.Machine) (string, error) {
	if n.StripProgram != "" {
		err := kmake.Absolute(&n.StripProgram)
		return n.StripProgram, err
	}
	a, _ := arch.ForELF(machine)
	names, advice := []string{programOf(n.Target, "strip", "llvm-strip")}, "install it"
	if n.CrossCompile == "" && n.LLVM == "" {
		if n.Compiler != "" {
			t, err := askCompiler(n.Compiler)
			if err != nil {
				return "", err
			}
			if t.clang || strings.HasPrefix(t.machine, a.Machine) || a.Machine == "" && !t.native() {
				if strip := t.find("strip", "llvm-strip"); isProgram(strip) {
					return strip, nil
				}
			}
		}
		names, advice = []string{"llvm-strip"}, "install LLVM"
		if prefix, ok := crossPrefix(a.Name); ok {
			names = []string{prefix + "strip", "llvm-strip"}
			// Debian names its packages so.
			advice = "install " + strings.ReplaceAll(strings.TrimSuffix("binutils-"+prefix, "-"), "_", "-")
		}
		advice += ", or register a C++ toolchain for the platform"
	}
	for _, name := range names {
		if isProgram(name) {
			return name, nil
		}
	}
	return "", fmt.Errorf("strip %s: it is for %s, and there is no %s; %s",
		n.Module, arch.MachineName(machine), strings.Join(names, " and no "), advice)
}
