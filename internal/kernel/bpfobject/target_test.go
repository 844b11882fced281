// SPDX-License-Identifier: Apache-2.0

package bpfobject

import (
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/internal/kernel/arch"
)

// targets are configurations, and the word size, byte order and one of the names
// by which user headers tell the machine from its relatives. triple is clang's
// name of it; clang has none for arc.
var targets = []struct {
	name, config, triple string
	word                 int
	big                  bool
	macro                string
}{
	{"arc", "CONFIG_ARC=y\n", "", 32, false, "__arc__"},
	{"arc, big-endian", "CONFIG_ARC=y\nCONFIG_CPU_BIG_ENDIAN=y\n", "", 32, true, "__BIG_ENDIAN__"},
	{"arm", "CONFIG_ARM=y\n", "armv7-linux-gnueabi", 32, false, "__ARMEL__"},
	{"arm, big-endian", "CONFIG_ARM=y\nCONFIG_CPU_BIG_ENDIAN=y\n", "armebv7-linux-gnueabi", 32, true, "__ARMEB__"},
	{"arm64", "CONFIG_ARM64=y\nCONFIG_64BIT=y\n", "aarch64-linux-gnu", 64, false, "__AARCH64EL__"},
	{"arm64, big-endian", "CONFIG_ARM64=y\nCONFIG_64BIT=y\nCONFIG_CPU_BIG_ENDIAN=y\n", "aarch64_be-linux-gnu", 64, true, "__AARCH64EB__"},
	{"loongarch", "CONFIG_LOONGARCH=y\nCONFIG_64BIT=y\n", "loongarch64-linux-gnu", 64, false, "__loongarch64"},
	{"loongarch32", "CONFIG_LOONGARCH=y\nCONFIG_32BIT=y\n", "loongarch32-linux-gnu", 32, false, "__loongarch__"},
	{"mips", "CONFIG_MIPS=y\nCONFIG_32BIT=y\nCONFIG_CPU_BIG_ENDIAN=y\n", "mips-linux-gnu", 32, true, "__MIPSEB__"},
	{"mipsel", "CONFIG_MIPS=y\nCONFIG_32BIT=y\nCONFIG_CPU_LITTLE_ENDIAN=y\n", "mipsel-linux-gnu", 32, false, "__MIPSEL__"},
	{"mips64", "CONFIG_MIPS=y\nCONFIG_64BIT=y\nCONFIG_CPU_BIG_ENDIAN=y\n", "mips64-linux-gnuabi64", 64, true, "__mips64"},
	{"mips64el", "CONFIG_MIPS=y\nCONFIG_64BIT=y\nCONFIG_CPU_LITTLE_ENDIAN=y\n", "mips64el-linux-gnuabi64", 64, false, "__MIPSEL__"},
	{"ppc", "CONFIG_PPC=y\nCONFIG_PPC32=y\n", "powerpc-linux-gnu", 32, true, "__powerpc__"},
	{"ppc64", "CONFIG_PPC=y\nCONFIG_64BIT=y\nCONFIG_CPU_BIG_ENDIAN=y\n", "powerpc64-linux-gnu", 64, true, "__BIG_ENDIAN__"},
	{"ppc64le", "CONFIG_PPC=y\nCONFIG_64BIT=y\nCONFIG_CPU_LITTLE_ENDIAN=y\n", "powerpc64le-linux-gnu", 64, false, "__LITTLE_ENDIAN__"},
	{"riscv32", "CONFIG_RISCV=y\nCONFIG_32BIT=y\n", "riscv32-linux-gnu", 32, false, "__riscv"},
	{"riscv64", "CONFIG_RISCV=y\nCONFIG_64BIT=y\n", "riscv64-linux-gnu", 64, false, "__riscv"},
	{"s390", "CONFIG_S390=y\nCONFIG_64BIT=y\n", "s390x-linux-gnu", 64, true, "__s390x__"},
	{"sparc", "CONFIG_SPARC=y\nCONFIG_SPARC32=y\n", "sparc-linux-gnu", 32, true, "__sparc__"},
	{"sparc64", "CONFIG_SPARC=y\nCONFIG_64BIT=y\n", "sparc64-linux-gnu", 64, true, "__arch64__"},
	{"x86", "CONFIG_X86=y\nCONFIG_X86_32=y\n", "i686-linux-gnu", 32, false, "__i386__"},
	{"x86-64", "CONFIG_X86=y\nCONFIG_64BIT=y\n", "x86_64-linux-gnu", 64, false, "__x86_64__"},
}

// The kernel's user headers are told of its word size and byte order, whatever
// those of eBPF are. Each machine's headers are one that checks.
func TestTargets(t *testing.T) {
	for _, test := range targets {
		t.Run(test.name, func(t *testing.T) {
			o, log := object(t, test.config)
			o.Clang = "clang"
			order := "LITTLE"
			if test.big {
				order = "BIG"
			}
			src := filepath.Dir(o.Tree) + "/a.bpf.c"
			write(t, src, "#include <asm/machine.h>\nint a;\n", 0o644)
			write(t, filepath.Join(o.Tree, "include/linux/kconfig.h"), "", 0o644)
			write(t, filepath.Join(o.Tree, "include/uapi/asm-generic/bitsperlong.h"), "", 0o644)
			write(t, filepath.Join(o.Tree, "arch", directory(t, test.config), "include/uapi/asm/machine.h"), "#include <asm/bitsperlong.h>\n"+
				"#if __BITS_PER_LONG != "+strconv.Itoa(test.word)+" || __BYTE_ORDER__ != __ORDER_"+order+"_ENDIAN__ || !defined("+test.macro+")\n"+
				"#error another machine\n#endif\n", 0o644)
			if err := o.Build(); err != nil {
				t.Errorf("%v\n%s", err, log)
			}
		})
	}
}

// directory is the architecture's below arch/.
func directory(t *testing.T, config string) string {
	option, _, _ := strings.Cut(config, "=y\n")
	a, ok := arch.Of(map[string]string{option: "y"})
	if !ok {
		t.Fatalf("no architecture of %q", config)
	}
	return a.Name
}

// What is defined is what the machine's own compiler defines.
func TestDefinesAreTheCompilers(t *testing.T) {
	for _, test := range targets {
		if test.triple == "" {
			continue
		}
		out, err := exec.Command("clang", "-target", test.triple, "-dM", "-E", "-x", "c", "/dev/null").CombinedOutput()
		if err != nil {
			// An older clang has not all of them: loongarch is known since 16.
			if strings.Contains(string(out), "unknown target triple") {
				t.Logf("%s: clang does not know %s", test.name, test.triple)
				continue
			}
			t.Fatalf("clang -target %s: %v\n%s", test.triple, err, out)
		}
		config := map[string]string{}
		for line := range strings.Lines(test.config) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
			config[name] = value
		}
		target, err := targetOf(config)
		if err != nil {
			t.Fatal(err)
		}
		for _, flag := range target.defines() {
			name, value, _ := strings.Cut(strings.TrimPrefix(flag, "-D"), "=")
			if strings.HasPrefix(flag, "-D") && !strings.Contains(string(out), "#define "+name+" "+value+"\n") {
				t.Errorf("%s: %s is none of what clang -target %s defines", test.name, flag, test.triple)
			}
			if name, ok := strings.CutPrefix(flag, "-U"); ok && strings.Contains(string(out), "#define "+name+" ") {
				t.Errorf("%s: %s, and clang -target %s defines it", test.name, flag, test.triple)
			}
		}
	}
}
