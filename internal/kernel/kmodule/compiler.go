// SPDX-License-Identifier: Apache-2.0

package kmodule

import (
	"fmt"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/kernel/arch"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/kmake"
)

// native is the architecture of this machine.
var native, _ = arch.ForGo(runtime.GOARCH)

// gccMachine is how `gcc -dumpmachine` begins for an architecture, or "".
func gccMachine(name string) string {
	a, _ := arch.Named(name)
	return a.Machine
}

// crossPrefix is the prefix of the machine's GNU programs for an architecture,
// "" for its own. ok is false where no name is known.
func crossPrefix(name string) (prefix string, ok bool) {
	if name != "" && native.Name == name {
		return "", true
	}
	a, _ := arch.Named(name)
	return a.Prefix, a.Prefix != ""
}

// versionText is how the kernel's compiler named itself.
func versionText(config map[string]string) string {
	return strings.Trim(config["CONFIG_CC_VERSION_TEXT"], `"`)
}

// findCompiler sets what make is told of the compiler: the one that the caller
// names, else the kernel's own where the machine has it, else the machine's
// default for the architecture.
func (m *Module) findCompiler(config map[string]string) error {
	switch {
	case m.Compiler != "":
		t, err := askCompiler(m.Compiler)
		if err != nil {
			return err
		}
		t.tell(&m.Target, config)
		m.own = t
		return nil
	case m.CrossCompile != "" || m.LLVM != "":
		return nil
	}
	if t, ok := m.kernelsOwn(config); ok {
		t.tell(&m.Target, config)
		m.own = t
		return nil
	}
	if config["CONFIG_CC_IS_CLANG"] == "y" {
		m.LLVM = "1"
		return nil
	}
	prefix, ok := crossPrefix(m.SrcArch())
	if !ok {
		return fmt.Errorf("build from %s: the archive is for %s, and no name of a compiler for it is known here; "+
			"register a C++ toolchain for the platform, or give --compiler or --cross-compile", m.tree, m.Arch)
	}
	m.CrossCompile = prefix
	return nil
}

// kernelsOwn looks on the PATH for the compiler that the kernel was built by, and
// for one of its major version if that very one is not there.
func (m *Module) kernelsOwn(config map[string]string) (toolchain, bool) {
	text := versionText(config)
	var near []toolchain
	for _, name := range m.candidates(text) {
		if !isProgram(name) {
			continue
		}
		t, err := askCompiler(name)
		if err != nil {
			continue // it is not for this machine
		}
		if unnamed(t.version) == unnamed(text) {
			return t, true
		}
		if major(t.version) == major(text) {
			near = append(near, t)
		}
	}
	if len(near) > 0 {
		return near[0], true
	}
	return toolchain{}, false
}

// candidates are names that the compiler with a version text may have here.
func (m *Module) candidates(text string) []string {
	version := major(text)
	if version == "" {
		return nil
	}
	if clangVersion.MatchString(text) {
		return []string{"clang-" + version, "clang"}
	}
	name, _, _ := strings.Cut(text, " ")
	var names []string
	prefix, known := crossPrefix(m.SrcArch())
	here := known && prefix == ""
	// A native compiler's name says nothing of what it compiles for.
	if found := gccName.FindStringSubmatch(name); found != nil && (here || found[1] != "") {
		names = append(names, name)
	}
	prefixes := []string{prefix}
	if here {
		a, _ := arch.Named(m.SrcArch())
		prefixes = append(prefixes, a.Prefix)
	}
	if known {
		for _, p := range prefixes {
			names = append(names, p+"gcc-"+version, p+"gcc")
		}
	}
	return slices.Compact(names)
}

// cc is the C compiler as Kbuild calls it.
func (m Module) cc() string {
	if m.own.cc != "" {
		return m.own.cc
	}
	return programOf(m.Target, "gcc", "clang")
}

// programOf is the name of a program of the target's toolchain, GNU's or LLVM's
// (top Makefile: CC, STRIP).
func programOf(t kmake.Target, gnu, llvm string) string {
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
func (m *Module) checkCompiler(config map[string]string) (kernels bool, err error) {
	if m.own.cc == "" {
		cc := m.cc()
		if !isProgram(cc) {
			return false, fmt.Errorf("build from %s: the archive is for %s, and there is no %s; install it%s, or register a C++ toolchain for the platform",
				m.tree, m.Arch, cc, m.packages(versionText(config)))
		}
		if m.own, err = askCompiler(cc); err != nil {
			return false, err
		}
	}
	want := gccMachine(m.SrcArch())
	if have := m.own.machine; !m.own.clang && !strings.HasPrefix(have, want) && !(want == "x86_64" && x86.MatchString(have)) {
		return false, fmt.Errorf("build from %s: the archive is for %s, and %s makes programs for %s; build with --platforms for the kernel's machine",
			m.tree, m.Arch, m.own.cc, have)
	}
	text := versionText(config)
	if unnamed(m.own.version) == unnamed(text) {
		return true, nil
	}
	if text != "" {
		fmt.Fprintf(m.Log, "kmodule: warning: the kernel was built by %s, and the module by %s\n", text, m.own.version)
	}
	return false, nil
}

var x86 = regexp.MustCompile(`^i[3-6]86-`)

// packages is the command that installs the compiler of a version text, as
// Debian names it, after a comma; "" where none is known.
func (m Module) packages(text string) string {
	version := major(text)
	if clangVersion.MatchString(text) {
		return fmt.Sprintf(" (apt-get install -y clang-%[1]s lld-%[1]s llvm-%[1]s)", version)
	}
	prefix, ok := crossPrefix(m.SrcArch())
	if !ok {
		return ""
	}
	name := "gcc"
	if version != "" {
		name += "-" + version
	}
	if prefix != "" {
		name += "-" + strings.ReplaceAll(strings.TrimSuffix(prefix, "-"), "_", "-")
	}
	return " (apt-get install -y " + name + ")"
}
