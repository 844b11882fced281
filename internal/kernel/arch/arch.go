// SPDX-License-Identifier: Apache-2.0

// Package arch names the architectures of the kernel as make, Kconfig, ELF, GNU
// toolchains and Go do.
package arch

import (
	"debug/elf"
	"fmt"
	"slices"
)

// An Arch is a directory below the kernel's arch/.
type Arch struct {
	Name    string                 // of the directory: the top Makefile's SRCARCH
	Make    []string               // what else ARCH= may be for it
	Option  string                 // the option that its Kconfig selects
	ELF     map[elf.Machine]string // the machines, and what users call them
	Go      map[string]elf.Machine // Go's names of the machines whose compiler makes its modules
	Prefix  string                 // of distributions' GNU cross toolchains, or ""
	Machine string                 // how `gcc -dumpmachine` begins, or ""
}

// arches are those that the archive's profiles know. mips has no prefix: it has
// as many as byte orders, word sizes and ABIs.
var arches = []Arch{
	{
		Name: "arc", Option: "CONFIG_ARC",
		ELF: map[elf.Machine]string{elf.EM_ARC_COMPACT: "arc", elf.EM_ARC_COMPACT2: "arc"},
	},
	{
		Name: "arm", Option: "CONFIG_ARM",
		ELF:    map[elf.Machine]string{elf.EM_ARM: "arm"},
		Go:     map[string]elf.Machine{"arm": elf.EM_ARM},
		Prefix: "arm-linux-gnueabihf-", Machine: "arm",
	},
	{
		Name: "arm64", Option: "CONFIG_ARM64",
		ELF:    map[elf.Machine]string{elf.EM_AARCH64: "arm64"},
		Go:     map[string]elf.Machine{"arm64": elf.EM_AARCH64},
		Prefix: "aarch64-linux-gnu-", Machine: "aarch64",
	},
	{
		Name: "loongarch", Option: "CONFIG_LOONGARCH",
		ELF:    map[elf.Machine]string{elf.EM_LOONGARCH: "loongarch"},
		Go:     map[string]elf.Machine{"loong64": elf.EM_LOONGARCH},
		Prefix: "loongarch64-linux-gnu-", Machine: "loongarch64",
	},
	{
		Name: "m68k", Option: "CONFIG_M68K",
		ELF: map[elf.Machine]string{elf.EM_68K: "m68k"},
	},
	{
		Name: "mips", Option: "CONFIG_MIPS",
		ELF: map[elf.Machine]string{elf.EM_MIPS: "mips"},
	},
	{
		Name: "parisc", Make: []string{"parisc64"}, Option: "CONFIG_PARISC",
		ELF: map[elf.Machine]string{elf.EM_PARISC: "parisc"},
	},
	{
		Name: "powerpc", Option: "CONFIG_PPC",
		ELF:    map[elf.Machine]string{elf.EM_PPC: "powerpc", elf.EM_PPC64: "powerpc64"},
		Go:     map[string]elf.Machine{"ppc64": elf.EM_PPC64, "ppc64le": elf.EM_PPC64},
		Prefix: "powerpc64le-linux-gnu-", Machine: "powerpc",
	},
	{
		Name: "riscv", Option: "CONFIG_RISCV",
		ELF:    map[elf.Machine]string{elf.EM_RISCV: "riscv"},
		Go:     map[string]elf.Machine{"riscv64": elf.EM_RISCV},
		Prefix: "riscv64-linux-gnu-", Machine: "riscv64",
	},
	{
		Name: "s390", Option: "CONFIG_S390",
		ELF:    map[elf.Machine]string{elf.EM_S390: "s390"},
		Go:     map[string]elf.Machine{"s390x": elf.EM_S390},
		Prefix: "s390x-linux-gnu-", Machine: "s390x",
	},
	{
		Name: "sparc", Make: []string{"sparc32", "sparc64"}, Option: "CONFIG_SPARC",
		ELF: map[elf.Machine]string{elf.EM_SPARC: "sparc", elf.EM_SPARCV9: "sparc64"},
	},
	{
		Name: "x86", Make: []string{"i386", "x86_64"}, Option: "CONFIG_X86",
		ELF:    map[elf.Machine]string{elf.EM_386: "i386", elf.EM_X86_64: "x86-64"},
		Go:     map[string]elf.Machine{"386": elf.EM_386, "amd64": elf.EM_X86_64},
		Prefix: "x86_64-linux-gnu-", Machine: "x86_64",
	},
}

func find(is func(a Arch) bool) (Arch, bool) {
	if i := slices.IndexFunc(arches, is); i >= 0 {
		return arches[i], true
	}
	return Arch{}, false
}

// Named returns the architecture whose directory has a name.
func Named(name string) (Arch, bool) {
	return find(func(a Arch) bool { return a.Name == name })
}

// Of returns the architecture that a kernel is configured for. config are its
// options (include/config/auto.conf).
func Of(config map[string]string) (Arch, bool) {
	return find(func(a Arch) bool { return config[a.Option] == "y" })
}

// ForELF returns the architecture of a machine of ELF files.
func ForELF(m elf.Machine) (Arch, bool) {
	return find(func(a Arch) bool { return a.ELF[m] != "" })
}

// ForGo returns the architecture whose modules the own compiler of a machine
// makes, by Go's name of the machine (GOARCH).
func ForGo(goarch string) (Arch, bool) {
	return find(func(a Arch) bool { return a.Go[goarch] != elf.EM_NONE })
}

// Source returns the directory below arch/ for a value of ARCH=, which is the
// value itself but for those that the top Makefile replaces.
func Source(value string) string {
	if a, ok := find(func(a Arch) bool { return slices.Contains(a.Make, value) }); ok {
		return a.Name
	}
	return value
}

// MachineName is what users call a machine of ELF files, or its number.
func MachineName(m elf.Machine) string {
	if a, ok := ForELF(m); ok {
		return a.ELF[m]
	}
	return fmt.Sprintf("machine %d", uint16(m))
}

// Names are those of all directories that are known, in order.
func Names() []string {
	var names []string
	for _, a := range arches {
		names = append(names, a.Name)
	}
	return names
}
