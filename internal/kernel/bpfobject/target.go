// SPDX-License-Identifier: Apache-2.0

package bpfobject

import (
	"errors"
	"slices"
	"strings"
)

// An arch is an architecture that libbpf's bpf_tracing.h knows, and what a C
// compiler for it defines that the kernel's user headers ask for
// (arch/*/include/uapi). What depends on neither word size nor byte order is in
// macros.
type arch struct {
	option    string // of the kernel's configuration
	name      string // of the directory below arch/, and of __TARGET_ARCH_
	bigEndian bool   // there is no little-endian one
	macros    []string
	bits      map[int][]string  // by word size
	order     map[bool][]string // by whether it is big-endian
}

var arches = []arch{
	{option: "CONFIG_ARC", name: "arc", macros: []string{"__arc__"}},
	{option: "CONFIG_ARM", name: "arm", macros: []string{"__arm__", "__ARM_EABI__"},
		order: map[bool][]string{false: {"__ARMEL__"}, true: {"__ARMEB__"}}},
	{option: "CONFIG_ARM64", name: "arm64", macros: []string{"__aarch64__"},
		order: map[bool][]string{false: {"__AARCH64EL__"}, true: {"__AARCH64EB__"}}},
	{option: "CONFIG_LOONGARCH", name: "loongarch", macros: []string{"__loongarch__"},
		bits: map[int][]string{32: {"__loongarch_grlen=32"}, 64: {"__loongarch_grlen=64", "__loongarch64", "__loongarch_lp64"}}},
	{option: "CONFIG_MIPS", name: "mips", macros: []string{"__mips__", "_MIPS_SZINT=32"},
		bits: map[int][]string{
			32: {"__mips=32", "_ABIO32=1", "_MIPS_SIM=_ABIO32", "_MIPS_SZLONG=32", "_MIPS_SZPTR=32"},
			64: {"__mips=64", "__mips64", "_ABI64=3", "_MIPS_SIM=_ABI64", "_MIPS_SZLONG=64", "_MIPS_SZPTR=64"},
		},
		order: map[bool][]string{false: {"__MIPSEL__", "_MIPSEL"}, true: {"__MIPSEB__", "_MIPSEB"}}},
	{option: "CONFIG_PPC", name: "powerpc", macros: []string{"__powerpc__"},
		bits:  map[int][]string{64: {"__powerpc64__"}},
		order: map[bool][]string{false: {"_LITTLE_ENDIAN"}, true: {"_BIG_ENDIAN"}}},
	{option: "CONFIG_RISCV", name: "riscv", macros: []string{"__riscv"},
		bits: map[int][]string{32: {"__riscv_xlen=32"}, 64: {"__riscv_xlen=64"}}},
	{option: "CONFIG_S390", name: "s390", bigEndian: true, macros: []string{"__s390__"},
		bits: map[int][]string{64: {"__s390x__"}}},
	{option: "CONFIG_SPARC", name: "sparc", bigEndian: true, macros: []string{"__sparc__"},
		bits: map[int][]string{64: {"__arch64__", "__sparc_v9__"}}},
	{option: "CONFIG_X86", name: "x86",
		bits: map[int][]string{32: {"__i386__"}, 64: {"__x86_64__"}}},
}

// A target is the machine that a kernel is configured for.
type target struct {
	arch
	big  bool // big-endian
	word int  // the kernel's word, 32 or 64 bits; eBPF's own is always 64
}

// targetOf is what include/config/auto.conf describes.
func targetOf(config map[string]string) (target, error) {
	i := slices.IndexFunc(arches, func(a arch) bool { return config[a.option] == "y" })
	if i < 0 {
		var known []string
		for _, a := range arches {
			known = append(known, a.name)
		}
		return target{}, errors.New("include/config/auto.conf names no architecture that libbpf knows (" + strings.Join(known, ", ") + ")")
	}
	t := target{arch: arches[i], word: 32}
	t.big = t.bigEndian || config["CONFIG_CPU_BIG_ENDIAN"] == "y" ||
		// A choice of these two, of which big-endian is the first (arch/{mips,powerpc}/Kconfig).
		(t.name == "mips" || t.name == "powerpc") && config["CONFIG_CPU_LITTLE_ENDIAN"] != "y"
	if config["CONFIG_64BIT"] == "y" {
		t.word = 64
	}
	return t, nil
}

// clang is the name of clang's target.
func (t target) clang() string {
	if t.big {
		return "bpfeb"
	}
	return "bpfel"
}

// defines are clang's flags by which the kernel's user headers see the machine
// that they describe, as its own compiler would show it.
func (t target) defines() []string {
	var flags []string
	for _, macro := range slices.Concat(t.macros, t.bits[t.word], t.order[t.big]) {
		if !strings.Contains(macro, "=") {
			macro += "=1"
		}
		flags = append(flags, "-D"+macro)
	}
	if t.word == 32 {
		// clang's target is a machine of 64 bits.
		flags = append(flags, "-U_LP64", "-U__LP64__")
	}
	return flags
}
