// SPDX-License-Identifier: Apache-2.0

package kmodule

import (
	"bytes"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/kmake"
)

var (
	gcc   = regexp.MustCompile(`^(.*-)?gcc(-[0-9.]+)?$`)
	clang = regexp.MustCompile(`^clang(-[0-9]+)?$`)
)

// triples are the prefixes of GNU cross toolchains by the directory below arch/,
// as distributions name them, and how `gcc -dumpmachine` begins. There is none
// for mips, which has as many as it has byte orders, word sizes and ABIs.
var triples = map[string]struct{ prefix, machine string }{
	"arm":       {"arm-linux-gnueabihf-", "arm"},
	"arm64":     {"aarch64-linux-gnu-", "aarch64"},
	"loongarch": {"loongarch64-linux-gnu-", "loongarch64"},
	"powerpc":   {"powerpc64le-linux-gnu-", "powerpc"},
	"riscv":     {"riscv64-linux-gnu-", "riscv64"},
	"s390":      {"s390x-linux-gnu-", "s390x"},
	"x86":       {"x86_64-linux-gnu-", "x86_64"},
}

// hosts are Go's names of the architectures whose modules a native compiler makes.
var hosts = map[string]string{
	"amd64": "x86", "arm": "arm", "arm64": "arm64", "loong64": "loongarch", "ppc64le": "powerpc", "riscv64": "riscv", "s390x": "s390",
}

// crossPrefix is the prefix of the machine's GNU programs for an architecture,
// "" for its own. ok is false where no name is known.
func crossPrefix(arch string) (prefix string, ok bool) {
	if hosts[runtime.GOARCH] == arch {
		return "", true
	}
	t, ok := triples[arch]
	return t.prefix, ok
}

// findCompiler sets CrossCompile and LLVM, unless one is given, by the compiler
// that a toolchain names. A compiler outside the action's inputs is the
// machine's: which of its compilers to take, the kernel's configuration says.
func (m *Module) findCompiler(config map[string]string) error {
	if known, err := findNamed(&m.Target, m.Compiler); known || err != nil {
		return err
	}
	if config["CONFIG_CC_IS_CLANG"] == "y" {
		m.LLVM = "1"
		return nil
	}
	prefix, ok := crossPrefix(m.SrcArch())
	if !ok {
		return fmt.Errorf("build from %s: the archive is for %s, and no name of a compiler for it is known here; "+
			"register a C++ toolchain for the platform, or give --cross-compile", m.tree, m.Arch)
	}
	m.CrossCompile = prefix
	return nil
}

// findNamed sets CrossCompile and LLVM, unless one is given, by the path of a
// compiler, and says whether it could.
func findNamed(t *kmake.Target, compiler string) (bool, error) {
	if t.CrossCompile != "" || t.LLVM != "" {
		return true, nil
	}
	base, dir := filepath.Base(compiler), filepath.Dir(compiler)
	if !filepath.IsAbs(dir) {
		if err := kmake.Absolute(&dir); err != nil {
			return false, err
		}
	}
	own := compiler != "" && !filepath.IsAbs(compiler)
	if found := gcc.FindStringSubmatch(base); found != nil && (own || found[1] != "") {
		t.CrossCompile = found[1]
		if on, _ := exec.LookPath(base); on != compiler {
			t.CrossCompile = dir + "/" + found[1]
		}
		return true, nil
	}
	if found := clang.FindStringSubmatch(base); found != nil && own {
		// Kbuild's documentation: LLVM=DIR/ takes the programs in DIR.
		t.LLVM = dir + "/"
		return true, nil
	}
	if own {
		return false, fmt.Errorf("build with %s: expected a compiler whose name ends in gcc or is clang, for Kbuild finds the others beside it", compiler)
	}
	return false, nil
}

// cc is the C compiler as Kbuild calls it.
func (m Module) cc() string { return program(m.Target, "gcc", "clang") }

// program is the name of a program of the target's toolchain, GNU's or LLVM's
// (top Makefile: CC, STRIP).
func program(t kmake.Target, gnu, llvm string) string {
	switch {
	case strings.HasSuffix(t.LLVM, "/"):
		return t.LLVM + llvm
	case strings.HasPrefix(t.LLVM, "-"):
		return llvm + t.LLVM
	case t.LLVM != "":
		return llvm
	}
	return t.CrossCompile + gnu
}

// checkCompiler says what is wrong with the compiler: an error where it cannot
// make modules for the kernel, a warning where it is not the kernel's own.
func (m Module) checkCompiler(config map[string]string) error {
	cc := m.cc()
	if _, err := exec.LookPath(cc); err != nil {
		return fmt.Errorf("build from %s: the archive is for %s, and there is no %s; install it, or register a C++ toolchain for the platform",
			m.tree, m.Arch, cc)
	}
	// A gcc without a prefix is this machine's own, and findCompiler has taken it
	// because the archive is for such a machine.
	if want := triples[m.SrcArch()].machine; m.LLVM == "" && m.CrossCompile != "" && want != "" {
		out, err := kmake.Run(m.Log, m.Scratch, m.Scratch, cc, "-dumpmachine")
		if err != nil {
			return err
		}
		machine := strings.TrimSpace(string(out))
		if !strings.HasPrefix(machine, want) && !(want == "x86_64" && strings.HasPrefix(machine, "i686")) {
			return fmt.Errorf("build from %s: the archive is for %s, and %s makes programs for %s; build with --platforms for the kernel's machine",
				m.tree, m.Arch, cc, machine)
		}
	}
	want := strings.Trim(config["CONFIG_CC_VERSION_TEXT"], `"`)
	if want == "" {
		return nil
	}
	out, err := kmake.Run(m.Log, m.Scratch, m.Scratch, cc, "--version")
	if err != nil {
		return err
	}
	line, _, _ := bytes.Cut(out, []byte("\n"))
	if have := strings.TrimSpace(string(line)); unnamed(have) != unnamed(want) {
		fmt.Fprintf(m.Log, "kmodule: warning: the kernel was built by %s, and the module by %s\n", want, have)
	}
	return nil
}

// unnamed is a compiler's version text without the name that it was called by,
// as gcc-12 or x86_64-linux-gnu-gcc.
func unnamed(version string) string {
	if name, rest, ok := strings.Cut(version, " "); ok && gcc.MatchString(name) {
		return "gcc " + rest
	}
	return version
}
