// SPDX-License-Identifier: Apache-2.0

package kmodule

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/kernel/kmake"
)

var (
	gccName   = regexp.MustCompile(`^(.*-)?gcc(-[0-9.]+)?$`)
	clangName = regexp.MustCompile(`^clang(-[0-9]+)?$`)
	// "NAME (PACKAGE) 12.2.0" and "Debian clang version 19.1.7 (3)": the first
	// line of --version.
	gccVersion   = regexp.MustCompile(`^(\S+) \(.*\) (\d+)[. ]`)
	clangVersion = regexp.MustCompile(`\bclang version (\d+)`)
)

// notInCommand are characters that the shell that make starts reads as something
// else than a part of a program's path.
const notInCommand = " \t\n\"#$&'()*;<>?[\\]`{|}"

// A toolchain is a compiler and the programs that belong to it.
type toolchain struct {
	cc      string // as make is told: a name on the PATH, or an absolute path
	clang   bool
	version string // the first line of --version
	machine string // -dumpmachine; "" for clang, which compiles for any
	prefix  string // of GNU's programs, with the directory unless on the PATH
}

// program tells how a program of the toolchain, one of make's variables, is
// named by GNU and by LLVM (top Makefile).
type program struct{ variable, gnu, llvm string }

var programs = []program{
	{"LD", "ld", "ld.lld"},
	{"AR", "ar", "llvm-ar"},
	{"NM", "nm", "llvm-nm"},
	{"OBJCOPY", "objcopy", "llvm-objcopy"},
	{"OBJDUMP", "objdump", "llvm-objdump"},
	{"READELF", "readelf", "llvm-readelf"},
	{"STRIP", "strip", "llvm-strip"},
}

// run returns the first line of what a compiler prints.
func run(cc string, args ...string) (string, error) {
	cmd := exec.Command(cc, args...)
	cmd.Env = append(cmd.Environ(), "LC_ALL=C")
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("run %s %s: %w; expected a C compiler, gcc or clang", cc, strings.Join(args, " "), err)
	}
	line, _, _ := strings.Cut(string(out), "\n")
	return strings.TrimSpace(line), nil
}

// askCompiler learns from a compiler which one it is, whatever its name.
func askCompiler(cc string) (toolchain, error) {
	if strings.Contains(cc, "/") {
		if err := kmake.Absolute(&cc); err != nil {
			return toolchain{}, err
		}
	}
	if i := strings.IndexAny(cc, notInCommand); i >= 0 {
		return toolchain{}, fmt.Errorf("build with %q: make cannot call a program with %q in its path; move it, or link to it", cc, cc[i])
	}
	if _, err := exec.LookPath(cc); err != nil {
		return toolchain{}, fmt.Errorf("find the compiler %s: %w; install it, or name another", cc, err)
	}
	version, err := run(cc, "--version")
	if err != nil {
		return toolchain{}, err
	}
	t := toolchain{cc: cc, version: version, clang: clangVersion.MatchString(version) || clangName.MatchString(filepath.Base(cc))}
	if t.clang {
		return t, nil
	}
	if t.machine, err = run(cc, "-dumpmachine"); err != nil {
		return toolchain{}, err
	}
	t.prefix = t.gnuPrefix()
	return t, nil
}

// gnuPrefix is what the names of the binutils beside a gcc begin with.
func (t toolchain) gnuPrefix() string {
	base, prefix := filepath.Base(t.cc), ""
	if found := gccName.FindStringSubmatch(base); found != nil {
		prefix = found[1]
	} else if t.machine != "" {
		if _, err := exec.LookPath(t.machine + "-ld"); err == nil && !t.native() {
			prefix = t.machine + "-"
		}
	}
	if on, _ := exec.LookPath(base); on == t.cc || !strings.Contains(t.cc, "/") {
		return prefix
	}
	if beside := filepath.Dir(t.cc) + "/" + prefix; isProgram(beside+"ld") || !isProgram(prefix+"ld") {
		return beside
	}
	return prefix
}

func isProgram(name string) bool {
	_, err := exec.LookPath(name)
	return err == nil
}

// native says whether programs that the compiler makes run on this machine.
func (t toolchain) native() bool {
	return t.clang || strings.HasPrefix(t.machine, native.Machine)
}

// find is the path or name of a program of the toolchain: beside the compiler, of
// its version, or where the compiler itself finds it.
func (t toolchain) find(gnu, llvm string) string {
	if !t.clang {
		if name := t.prefix + gnu; isProgram(name) {
			return name
		}
		if name, err := run(t.cc, "-print-prog-name="+gnu); err == nil && filepath.IsAbs(name) {
			return name
		}
		return t.prefix + gnu
	}
	suffix := ""
	if found := clangName.FindStringSubmatch(filepath.Base(t.cc)); found != nil {
		suffix = found[1]
	}
	names := []string{llvm + suffix, llvm}
	if suffix == "" {
		names = []string{llvm}
		if found := clangVersion.FindStringSubmatch(t.version); found != nil {
			names = append(names, llvm+"-"+found[1])
		}
	}
	if strings.Contains(t.cc, "/") {
		for _, name := range names {
			if name = filepath.Dir(t.cc) + "/" + name; isProgram(name) {
				return name
			}
		}
	}
	for _, name := range names {
		if isProgram(name) {
			return name
		}
	}
	return names[0]
}

// tell has make run this toolchain and no other. A kernel that clang compiled and
// GNU's ld linked is configured for that ld's flags.
func (t toolchain) tell(target *kmake.Target, config map[string]string) {
	// What the caller gives of these says where the other programs are.
	find := t.find
	if given := *target; given.LLVM != "" || given.CrossCompile != "" {
		find = func(gnu, llvm string) string { return programOf(given, gnu, llvm) }
	}
	gnuLD := t.clang && target.LLVM == "" && config["CONFIG_LD_IS_BFD"] == "y"
	if t.clang && !gnuLD && target.LLVM == "" {
		target.LLVM = "1"
		if dir, base := filepath.Split(t.cc); base == "clang" && dir != "" {
			target.LLVM = dir
		} else if found := clangName.FindStringSubmatch(base); found != nil && found[1] != "" && dir == "" {
			target.LLVM = found[1]
		}
	}
	switch {
	case target.CrossCompile != "":
	case !t.clang:
		target.CrossCompile = t.prefix
	case gnuLD:
		target.CrossCompile, _ = crossPrefix(target.SrcArch())
	}
	target.Programs = append(target.Programs, "CC="+t.cc)
	for _, p := range programs {
		name := target.CrossCompile + p.gnu
		if !gnuLD {
			name = find(p.gnu, p.llvm)
		}
		target.Programs = append(target.Programs, p.variable+"="+name)
	}
	if t.native() {
		target.Programs = append(target.Programs, "HOSTCC="+t.cc)
	}
	if t.clang && config["CONFIG_AS_IS_GNU"] == "y" {
		target.Programs = append(target.Programs, "LLVM_IAS=0")
	}
}

// unnamed is a compiler's version text without the name that it was called by,
// as gcc-12 or x86_64-linux-gnu-gcc.
func unnamed(version string) string {
	if found := gccVersion.FindStringSubmatch(version); found != nil {
		return "gcc" + strings.TrimPrefix(version, found[1])
	}
	return version
}

// major is the major version of a compiler's version text, or "".
func major(version string) string {
	if found := clangVersion.FindStringSubmatch(version); found != nil {
		return found[1]
	}
	if found := gccVersion.FindStringSubmatch(version); found != nil {
		return found[2]
	}
	return ""
}
