// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"bytes"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/headers/profile"
)

// HostTools says in which form the programs that run where modules are built go
// into an archive.
type HostTools string

// The forms. Each is an error for the tracing profile, which has no host tools.
const (
	DefaultTools HostTools = "default" // the source where the trees have it and the table prefers it, else the program
	SourceTools  HostTools = "source"  // the sources, of all
	BinaryTools  HostTools = "binary"  // the programs
	BothTools    HostTools = "both"    // either, where the trees have it
	NoTools      HostTools = "none"    // neither
)

// ParseHostTools reads one of the forms.
func ParseHostTools(s string) (HostTools, error) {
	h := HostTools(s)
	if !slices.Contains([]HostTools{DefaultTools, SourceTools, BinaryTools, BothTools, NoTools}, h) {
		return "", fmt.Errorf("read host tools %q: expected default, source, binary, both or none", s)
	}
	return h, nil
}

// toolsMakefile is the member that compiles the sources.
const toolsMakefile = "scripts/Makefile.hosttools"

// chooseHostTools takes out of what was found the programs and sources of host
// tools that the form does not ask for. It reports whether sources remain.
func (s *selection) chooseHostTools(form HostTools) (bool, error) {
	program, source := make(map[string]bool), make(map[string]bool)
	var lacking []string
	for _, tool := range s.profile.HostTools() {
		missing := s.missingSource(tool.Name)
		have := tool.Source && missing == nil
		switch form {
		case SourceTools:
			source[tool.Name] = have
			if tool.Source {
				lacking = append(lacking, missing...)
			}
		case BinaryTools:
			program[tool.Name] = true
		case BothTools:
			program[tool.Name], source[tool.Name] = true, have
		case NoTools:
		default:
			source[tool.Name] = have && !tool.Asked
			program[tool.Name] = !source[tool.Name]
		}
	}
	if lacking != nil {
		return false, fmt.Errorf("pack host tools as source: %s has no %s; add the kernel's source as a tree, or ask for host tools \"binary\"",
			strings.Join(s.paths, ", "), strings.Join(lacking, ", "))
	}
	wanted := func(r profile.Row) bool {
		switch {
		case r.Program != "":
			return program[r.Program]
		case r.Source != nil:
			return slices.ContainsFunc(r.Source, func(tool string) bool { return source[tool] })
		}
		return r.Need != profile.Excluded
	}
	stays := func(name string) bool {
		components := strings.Split(name, "/")
		matches := func(p profile.Pattern) bool { return p.Match(components) }
		return slices.ContainsFunc(s.profile.Rows, func(r profile.Row) bool { return matches(r.Pattern) && wanted(r) }) ||
			slices.ContainsFunc(s.include, matches)
	}
	for i, names := range s.pending {
		s.pending[i] = slices.DeleteFunc(names, func(name string) bool {
			if !strings.HasPrefix(name, "scripts/") && !strings.HasPrefix(name, "tools/") || stays(name) {
				return false
			}
			delete(s.found, name)
			return true
		})
	}
	return slices.Contains(slices.Collect(maps.Values(source)), true), nil
}

// missingSource returns the names of what a tool is compiled from that no tree
// has.
func (s *selection) missingSource(tool string) (missing []string) {
	for _, r := range s.profile.Rows {
		if r.Need != profile.Required || !slices.Contains(r.Source, tool) {
			continue
		}
		for _, name := range r.Pattern.Names() {
			if _, ok := s.found[name]; !ok {
				missing = append(missing, name)
			}
		}
	}
	return missing
}

// portable are the generated sources of host tools that say something of the
// machine that made them, and what takes that out.
var portable = map[string]func(p []byte) []byte{
	"scripts/genksyms/lex.lex.c":   withoutLines,
	"scripts/genksyms/parse.tab.c": withoutLines,
	"scripts/genksyms/parse.tab.h": withoutLines,
	"scripts/mod/elfconfig.h":      askCompiler,
}

// lineDirective names a grammar by the path it had.
var lineDirective = regexp.MustCompile(`(?m)^#line .*\n`)

func withoutLines(p []byte) []byte { return lineDirective.ReplaceAll(p, nil) }

// hostMacro is a line of scripts/mod/mk_elfconfig.c, until 6.7, about the
// machine that it ran on.
var hostMacro = regexp.MustCompile(`(?m)^#define HOST_ELF(CLASS|DATA) .*$`)

// askCompiler has the compiler of modpost say what its machine is like.
func askCompiler(p []byte) []byte {
	return hostMacro.ReplaceAllFunc(p, func(line []byte) []byte {
		if bytes.Contains(line, []byte("HOST_ELFCLASS")) {
			return []byte("#define HOST_ELFCLASS (__SIZEOF_LONG__ == 8 ? ELFCLASS64 : ELFCLASS32)")
		}
		return []byte("#define HOST_ELFDATA (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? ELFDATA2MSB : ELFDATA2LSB)")
	})
}
