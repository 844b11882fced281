// SPDX-License-Identifier: Apache-2.0

package bpfobject

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/kernel/arch"
)

// An abi is what a C compiler for an architecture that libbpf's bpf_tracing.h
// knows defines, and the kernel's user headers ask for (arch/*/include/uapi). What
// depends on neither word size nor byte order is in macros.
type abi struct {
	bigEndian bool // there is no little-endian one
	macros    []string
	bits      map[int][]string  // by word size
	order     map[bool][]string // by whether it is big-endian
}

// abis are by the architecture's name, which __TARGET_ARCH_ has too.
var abis = map[string]abi{
	"arc":   {macros: []string{"__arc__"}},
	"arm":   {macros: []string{"__arm__", "__ARM_EABI__"}, order: map[bool][]string{false: {"__ARMEL__"}, true: {"__ARMEB__"}}},
	"arm64": {macros: []string{"__aarch64__"}, order: map[bool][]string{false: {"__AARCH64EL__"}, true: {"__AARCH64EB__"}}},
	"loongarch": {macros: []string{"__loongarch__"},
		bits: map[int][]string{32: {"__loongarch_grlen=32"}, 64: {"__loongarch_grlen=64", "__loongarch64", "__loongarch_lp64"}}},
	"mips": {macros: []string{"__mips__", "_MIPS_SZINT=32"},
		bits: map[int][]string{
			32: {"__mips=32", "_ABIO32=1", "_MIPS_SIM=_ABIO32", "_MIPS_SZLONG=32", "_MIPS_SZPTR=32"},
			64: {"__mips=64", "__mips64", "_ABI64=3", "_MIPS_SIM=_ABI64", "_MIPS_SZLONG=64", "_MIPS_SZPTR=64"},
		},
		order: map[bool][]string{false: {"__MIPSEL__", "_MIPSEL"}, true: {"__MIPSEB__", "_MIPSEB"}}},
	"powerpc": {macros: []string{"__powerpc__"},
		bits:  map[int][]string{64: {"__powerpc64__"}},
		order: map[bool][]string{false: {"_LITTLE_ENDIAN"}, true: {"_BIG_ENDIAN"}}},
	"riscv": {macros: []string{"__riscv"}, bits: map[int][]string{32: {"__riscv_xlen=32"}, 64: {"__riscv_xlen=64"}}},
	"s390":  {bigEndian: true, macros: []string{"__s390__"}, bits: map[int][]string{64: {"__s390x__"}}},
	"sparc": {bigEndian: true, macros: []string{"__sparc__"}, bits: map[int][]string{64: {"__arch64__", "__sparc_v9__"}}},
	"x86":   {bits: map[int][]string{32: {"__i386__"}, 64: {"__x86_64__"}}},
}

// A target is the machine that a kernel is configured for.
type target struct {
	abi
	name string // of the architecture
	big  bool   // big-endian
	word int    // the kernel's word, 32 or 64 bits; eBPF's own is always 64
}

// targetOf is what include/config/auto.conf describes.
func targetOf(config map[string]string) (target, error) {
	a, _ := arch.Of(config)
	known, ok := abis[a.Name]
	if !ok {
		return target{}, errors.New("include/config/auto.conf names no architecture that libbpf knows (" +
			strings.Join(slices.Sorted(maps.Keys(abis)), ", ") + ")")
	}
	t := target{abi: known, name: a.Name, word: 32}
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
