// SPDX-License-Identifier: Apache-2.0

package kmodule

import (
	"bufio"
	"debug/elf"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/cli/infile"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/arch"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/kmake"
)

// cannotRun says why a program or a plugin does not run on this machine, or "".
func cannotRun(file string) string {
	f, err := elf.Open(file)
	if err != nil {
		return noInterpreter(file)
	}
	defer f.Close()
	if want := native.Go[runtime.GOARCH]; f.Machine != want && !(f.Machine == elf.EM_386 && want == elf.EM_X86_64) {
		return fmt.Sprintf("is for %s, and this machine is %s", arch.MachineName(f.Machine), arch.MachineName(want))
	}
	for _, p := range f.Progs {
		if p.Type != elf.PT_INTERP || p.Filesz > 4096 {
			continue
		}
		text := make([]byte, p.Filesz)
		if _, err := p.ReadAt(text, 0); err != nil {
			return ""
		}
		loader := strings.TrimRight(string(text), "\x00")
		if !exists("/", loader) {
			return fmt.Sprintf("needs %s, which is not installed", loader)
		}
		return cannotLoad(loader, file)
	}
	return ""
}

// noInterpreter says that a script's interpreter is missing. What is no script is
// left to the kernel to start.
func noInterpreter(file string) string {
	f, err := infile.Open(file)
	if err != nil {
		return ""
	}
	defer f.Close()
	line, _ := bufio.NewReader(io.LimitReader(f, 256)).ReadString('\n')
	words := strings.Fields(strings.TrimPrefix(line, "#!"))
	if !strings.HasPrefix(line, "#!") || len(words) == 0 || exists("/", words[0]) {
		return ""
	}
	return fmt.Sprintf("needs %s, which is not installed", words[0])
}

// What glibc's loader and musl's print of a program that they cannot start.
var (
	noVersion = regexp.MustCompile("(\\S+): version [`']([^']+)' not found")
	noLibrary = regexp.MustCompile(`(?:error while loading shared libraries: |Error loading shared library |^\s*)(\S+?)(?:: cannot open shared object|: No such file| => not found)`)
	noSymbol  = regexp.MustCompile(`undefined symbol: ([^\s,]+)|: (\S+): symbol not found`)
)

// glibc are the names of its loaders (sysdeps/*/shlib-versions); the others are
// musl's and Android's.
var glibc = regexp.MustCompile(`^(ld-linux.*|ld64|ld)\.so\.[0-9]+$`)

// cannotLoad has the loader look for what a program needs, without running it:
// functions, too, with glibc's (ld.so(8), LD_WARN).
func cannotLoad(loader, file string) string {
	list := exec.Command(loader, "--list", file)
	if glibc.MatchString(filepath.Base(loader)) {
		list = exec.Command(loader, file)
		list.Env = append(list.Environ(), "LC_ALL=C", "LD_TRACE_LOADED_OBJECTS=1", "LD_BIND_NOW=1", "LD_WARN=1")
	}
	out, _ := list.CombinedOutput()
	const missing = "which is not installed"
	for line := range strings.Lines(string(out)) {
		if found := noVersion.FindStringSubmatch(line); found != nil {
			return fmt.Sprintf("needs version %s of %s, %s", found[2], filepath.Base(found[1]), missing)
		}
		if found := noLibrary.FindStringSubmatch(line); found != nil {
			return fmt.Sprintf("needs the library %s, %s", found[1], missing)
		}
		if found := noSymbol.FindStringSubmatch(line); found != nil {
			return fmt.Sprintf("needs the symbol %s, which the libraries of this machine do not have", found[1]+found[2])
		}
	}
	return ""
}

// otherGCC is what gcc prints of a plugin that it cannot use.
var otherGCC = regexp.MustCompile(`cannot load plugin|incompatible gcc/plugin versions|fail(ed)? to initialize plugin`)

// checkPlugins has the compiler load the plugins that the kernel is compiled with.
func (m Module) checkPlugins(config map[string]string) error {
	for _, plugin := range kmake.Plugins {
		if config[plugin.Options[0]] != "y" {
			continue
		}
		file := filepath.Join(m.Tree, plugin.Name)
		why := ""
		if _, err := os.Stat(file); err != nil {
			why = "is not there, and the kernel is compiled with it"
		} else if why = cannotRun(file); why == "" {
			out, err := kmake.Run(io.Discard, m.Tree, m.Scratch, m.cc(), "-fplugin="+file, "-fsyntax-only", "-x", "c", "/dev/null")
			if err != nil && otherGCC.Match(out) {
				why = "is a plugin of another gcc than " + m.cc()
			}
		}
		if why != "" {
			return fmt.Errorf("build from %s: %s %s (%s); %s", m.tree, plugin.Name, why, plugin.Options[0], makeTools)
		}
	}
	return nil
}
