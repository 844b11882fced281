// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"slices"
	"strings"
	"testing"
)

func TestLoad(t *testing.T) {
	tests := []struct {
		name, series, arch string
		config             []string
		has, hasNot        []string // need and pattern
	}{
		{"tracing", "6.1", "x86", nil,
			[]string{"+ include/**/*.h", "+ arch/x86/include/**/*.h", "- include/generated/compile.h", "- include/generated/utsversion.h"},
			[]string{"+ Makefile", "? scripts/mod/modpost"}},
		{"module", "6.1", "x86", []string{"CONFIG_64BIT"},
			[]string{"+ include/**/*.h", "+ Makefile", "+ arch/x86/Makefile", "+ scripts/check-local-export", "- include/generated/rustc_cfg", "? scripts/basic/fixdep", "? scripts/mod/modpost"},
			[]string{"+ scripts/Makefile.debug", "? scripts/Makefile.debug", "+ include/generated/rustc_cfg", "+ arch/x86/Makefile_32.cpu", "+ scripts/Makefile.defconf", "+ usr/include/**/*.h"}},
		{"module", "5.10", "x86", []string{"CONFIG_STACK_VALIDATION"},
			[]string{"? tools/objtool/objtool", "+ arch/x86/Makefile_32.cpu", "? scripts/Makefile.compiler", "? scripts/check-local-export"},
			[]string{"+ scripts/Makefile.compiler", "+ scripts/modules-check.sh"}},
		{"module", "6.12", "arm64", []string{"CONFIG_KASAN", "CONFIG_DEBUG_INFO_BTF"},
			[]string{"+ arch/arm64/Makefile", "? scripts/module-common.c", "+ scripts/Makefile.kasan", "+ scripts/Makefile.btf", "+ scripts/Makefile.defconf"},
			[]string{"? tools/objtool/objtool", "? tools/bpf/resolve_btfids/resolve_btfids", "+ scripts/check-local-export", "+ scripts/Makefile.ubsan"}},
		{"module", "7.2", "mips", nil,
			[]string{"+ include/generated/rustc_cfg", "? arch/mips/Makefile{_,.,-}*", "? arch/mips/{Kbuild.platforms,*/Platform}"},
			[]string{"? arch/powerpc/tools/*.sh", "- include/generated/rustc_cfg"}},
		{"tracing+uapi", "6.6", "x86", nil, []string{"+ usr/include/**/*.h", "+ include/**/*.h"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name+" "+tt.series+" "+tt.arch, func(t *testing.T) {
			s, err := ParseSeries(tt.series)
			if err != nil {
				t.Fatal(err)
			}
			p, err := Load(tt.name, s, tt.arch, func(c string) bool { return slices.Contains(tt.config, c) })
			if err != nil {
				t.Fatal(err)
			}
			var rows []string
			for _, r := range p.Rows {
				rows = append(rows, string(r.Need)+" "+r.Pattern.String())
			}
			for _, want := range tt.has {
				if !slices.Contains(rows, want) {
					t.Errorf("got no row %q in %q", want, rows)
				}
			}
			for _, not := range tt.hasNot {
				if slices.Contains(rows, not) {
					t.Errorf("got row %q, want it left out", not)
				}
			}
		})
	}
}

// Architectures whose headers are elsewhere too: the files that their Makefiles
// give the compiler a path to, in 6.1 and 7.2.
func TestHeadersElsewhere(t *testing.T) {
	for _, tt := range []struct {
		arch, name string
		want       bool
	}{
		{"xtensa", "arch/xtensa/variants/dc232b/include/variant/core.h", true},
		{"xtensa", "arch/xtensa/platforms/iss/include/platform/simcall.h", true},
		{"csky", "arch/csky/abiv1/inc/abi/cacheflush.h", true},
		{"csky", "arch/csky/abiv2/inc/abi/fpu.h", true},
		{"arm", "arch/arm/mach-footbridge/include/mach/hardware.h", true},
		{"arm", "arch/arm/plat-orion/include/plat/mpp.h", true},
		{"arc", "arch/arc/plat-eznps/include/plat/ctop.h", true},
		{"mips", "arch/mips/include/asm/mach-generic/irq.h", true},
		{"sh", "arch/sh/include/cpu-sh4/cpu/addrspace.h", true},
		{"um", "arch/um/include/shared/os.h", true},
		{"um", "arch/x86/um/asm/elf.h", true},
		{"um", "arch/x86/um/shared/sysdep/ptrace.h", true},
		{"um", "arch/x86/include/asm/alternative.h", true},
		{"um", "arch/x86/include/generated/uapi/asm/types.h", true},
		{"um", "arch/x86/Makefile.um", true},
		{"um", "arch/um/Makefile-os-Linux", true},
		{"um", "arch/x86/kvm/mmu.h", false},
		{"x86", "arch/x86/um/asm/elf.h", false},
		{"arm64", "arch/arm64/kvm/hyp/include/hyp/switch.h", false},
		{"xtensa", "arch/xtensa/kernel/entry.S", false},
	} {
		for _, series := range Tested {
			p, err := Load("module", series, tt.arch, func(string) bool { return false })
			if err != nil {
				t.Fatal(err)
			}
			got := slices.ContainsFunc(p.Rows, func(r Row) bool { return r.Need != Excluded && r.Pattern.Match(strings.Split(tt.name, "/")) })
			if got != tt.want {
				t.Errorf("%s of %s: packed: %v, want %v", tt.name, series, got, tt.want)
			}
		}
	}
}

func TestLoadErrors(t *testing.T) {
	none := func(string) bool { return false }
	tests := []struct {
		name, arch string
		series     Series
		want       string
	}{
		{"modules", "x86", Series{6, 1}, `find profile "modules": expected module or tracing`},
		{"module+never", "x86", Series{6, 1}, `find profile "never"`},
		{"module", "x86", Series{4, 19}, "find profile for kernel 4.19: there are tables for 5.10 to 7.2"},
		{"module", "x86", Series{7, 3}, "find profile for kernel 7.3"},
		{"module", "aarch64", Series{6, 1}, "the kernel's name for it is arm64"},
		{"module", "../x", Series{6, 1}, `find architecture "../x"`},
		{"module", "", Series{6, 1}, `find architecture ""`},
	}
	for _, tt := range tests {
		if _, err := Load(tt.name, tt.series, tt.arch, none); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Load(%q, %v, %q): got %v, want an error with %q", tt.name, tt.series, tt.arch, err, tt.want)
		}
	}
}

// TestEveryRow compiles the table for each series, so that no row waits for a
// user to find that it is malformed.
func TestEveryRow(t *testing.T) {
	table, err := parseTable(tableText)
	if err != nil {
		t.Fatal(err)
	}
	for section, rows := range table {
		for _, r := range rows {
			if _, err := CompilePattern(strings.ReplaceAll(r.pattern, "$ARCH", "x86")); err != nil {
				t.Errorf("[%s] %v", section, err)
			}
			if !strings.HasPrefix(section, never) && r.need == Excluded && !strings.HasPrefix(r.pattern, "include/") {
				t.Errorf("[%s] %s is left out, and no row of it asks for such files", section, r.pattern)
			}
		}
	}
}

func TestParseTableErrors(t *testing.T) {
	for _, text := range []string{
		"+ Makefile\n",
		"[a]\nMakefile\n",
		"[a]\n! Makefile\n",
		"[a]\n+ Makefile from\n",
		"[a]\n+ Makefile since 6.1\n",
		"[a]\n+ Makefile from six\n",
	} {
		if got, err := parseTable(text); err == nil || !strings.HasPrefix(err.Error(), "read profile table: line ") {
			t.Errorf("parseTable(%q): got %v, %v; want an error with the line", text, got, err)
		}
	}
}

func TestNever(t *testing.T) {
	tests := []struct {
		name string
		want bool
	}{
		{"vmlinux", true},
		{"arch/x86/boot/compressed/vmlinux", true},
		{"vmlinux.unstripped", true},
		{"System.map", true},
		{"System.map-6.1.0", true},
		{"certs/signing_key.pem", true},
		{"certs/signing_key.x509", true},
		{"mok.priv", true},
		{"scripts/basic/randstruct.seed", true},
		{"scripts/gcc-plugins/randomize_layout_seed.h", true},
		{"include/asm-generic/vmlinux.lds.h", false},
		{"scripts/Makefile.vmlinux", false},
		{"include/generated/randstruct_hash.h", false},
		{"include/linux/key.h", false},
	}
	for _, tt := range tests {
		if p, got := Never(tt.name, false); got != tt.want {
			t.Errorf("Never(%q): got %v (%v), want %v", tt.name, got, p, tt.want)
		}
	}
}

func TestParseSeries(t *testing.T) {
	tests := []struct {
		in   string
		want Series
		ok   bool
	}{
		{"6.1", Series{6, 1}, true},
		{"6.1.192-lab", Series{6, 1}, true},
		{"6.12-rc3", Series{6, 12}, true},
		{"7.2.13+deb14-amd64", Series{7, 2}, true},
		{"6", Series{}, false},
		{"6.", Series{}, false},
		{"v6.1", Series{}, false},
		{"", Series{}, false},
	}
	for _, tt := range tests {
		got, err := ParseSeries(tt.in)
		if got != tt.want || (err == nil) != tt.ok {
			t.Errorf("ParseSeries(%q): got %v, %v; want %v", tt.in, got, err, tt.want)
		}
	}
}
