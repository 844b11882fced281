// SPDX-License-Identifier: Apache-2.0

// Package profile says which files of a kernel tree go into an archive. That is
// data: table.go has a row for each pattern, with the kernel versions,
// architectures and configurations it holds for.
package profile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/kernel/arch"
)

// Need says what it means when a pattern matches nothing, or something.
type Need byte

// The needs, as the table writes them.
const (
	Required Need = '+'
	Optional Need = '?'
	Excluded Need = '-'
)

// Row is a pattern that holds for the kernel in question.
type Row struct {
	Need    Need
	Pattern Pattern
	// Program is the host tool that the file is, by its base name, or "". Source
	// are the host tools that the files are compiled into.
	Program string
	Source  []string
	// Asked says of a Source that it is packed only when sources are asked for:
	// it is large, or compiles only where a library's headers are.
	Asked bool
}

// Profile is what the table says for one kernel.
type Profile struct {
	Name   string // "module", or with an addition "module+uapi"
	Series Series
	Arch   string // the directory below arch/, Kbuild's SRCARCH
	Rows   []Row
}

// Config answers whether a symbol such as CONFIG_MODVERSIONS is y or m.
type Config func(symbol string) bool

// Load returns the profile that name gives, for the kernel described. Several
// names are joined by a plus sign. arch is as SourceArch takes it.
func Load(name string, series Series, arch string, config Config) (Profile, error) {
	t, err := parseTable(tableText)
	if err != nil {
		return Profile{}, err
	}
	if first, last := Tested[0], Tested[len(Tested)-1]; series.Compare(first) < 0 || series.Compare(last) > 0 {
		return Profile{}, fmt.Errorf("find profile for kernel %s: there are tables for %s to %s; give the nearest of them as the series", series, first, last)
	}
	arch, err = SourceArch(arch)
	if err != nil {
		return Profile{}, err
	}
	p := Profile{Name: name, Series: series, Arch: arch}
	for _, part := range strings.Split(name, "+") {
		rows, ok := t[part]
		if !ok || strings.HasPrefix(part, never) {
			return Profile{}, fmt.Errorf("find profile %q: expected module or tracing, with +uapi where wanted", part)
		}
		for _, r := range rows {
			need, ok := r.holds(series, arch, config)
			if !ok {
				continue
			}
			pattern, err := CompilePattern(strings.ReplaceAll(r.pattern, "$ARCH", arch))
			if err != nil {
				return Profile{}, err
			}
			p.Rows = append(p.Rows, Row{need, pattern, r.program, r.source, r.asked})
		}
	}
	return p, nil
}

// HostTool is a program that runs where modules are built.
type HostTool struct {
	Name   string
	Source bool // the table says what it is compiled from
	Asked  bool // and that this is packed only when asked for
}

// HostTools returns those that the profile has rows for.
func (p Profile) HostTools() (tools []HostTool) {
	add := func(name string) *HostTool {
		i := slices.IndexFunc(tools, func(t HostTool) bool { return t.Name == name })
		if i < 0 {
			i, tools = len(tools), append(tools, HostTool{Name: name})
		}
		return &tools[i]
	}
	for _, r := range p.Rows {
		if r.Program != "" {
			add(r.Program)
		}
		// What several tools share says of none that this kernel has it.
		if len(r.Source) == 1 {
			t := add(r.Source[0])
			t.Source, t.Asked = true, t.Asked || r.Asked
		}
	}
	return tools
}

// SourceArch returns the directory below arch/ for an ARCH as make takes it: the
// top Makefile's SRCARCH. The names that uname has for other machines are
// refused, as make does.
func SourceArch(value string) (string, error) {
	if value == "aarch64" {
		return "", fmt.Errorf("find architecture %q: the kernel's name for it is arm64", value)
	}
	name := arch.Source(value)
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') }) {
		return "", fmt.Errorf("find architecture %q: expected one as make's ARCH, such as x86 or arm64", value)
	}
	return name, nil
}

// Never returns the pattern that keeps a file out of every archive, if one does.
// With allowSeed none keeps the RANDSTRUCT seed out.
func Never(name string, allowSeed bool) (Pattern, bool) {
	components := strings.Split(name, "/")
	for section, patterns := range neverPatterns {
		if section == neverSeed && allowSeed {
			continue
		}
		for _, p := range patterns {
			if p.Match(components) {
				return p, true
			}
		}
	}
	return Pattern{}, false
}

// The sections of the table that no profile is made of.
const (
	never     = "never"
	neverSeed = "never-seed"
)

var neverPatterns = func() map[string][]Pattern {
	patterns := make(map[string][]Pattern)
	t, err := parseTable(tableText)
	if err != nil {
		panic(err) // the table is part of the program, and tested
	}
	for _, section := range []string{never, neverSeed} {
		for _, r := range t[section] {
			p, err := CompilePattern(r.pattern)
			if err != nil {
				panic(err)
			}
			patterns[section] = append(patterns[section], p)
		}
	}
	return patterns
}()

// row is a line of the table.
type row struct {
	need        Need
	pattern     string
	from, until Series
	arch        []string // all that are named; "!x86" means not this one
	config      []string // likewise
	program     string
	source      []string
	asked       bool
}

// holds returns what the row needs for a kernel, and whether it concerns that
// kernel at all.
func (r row) holds(s Series, arch string, config Config) (Need, bool) {
	all := func(conditions []string, is func(string) bool) bool {
		return !slices.ContainsFunc(conditions, func(c string) bool {
			name, negated := strings.CutPrefix(c, "!")
			return is(name) == negated
		})
	}
	if !all(r.arch, func(a string) bool { return a == arch }) || !all(r.config, config) {
		return 0, false
	}
	if s.Compare(r.from) < 0 || r.until != (Series{}) && s.Compare(r.until) > 0 {
		return Optional, r.need == Required
	}
	return r.need, true
}

// parseTable returns the rows of each section, those it refers to first.
func parseTable(text string) (map[string][]row, error) {
	t := make(map[string][]row)
	section, n := "", 0
	for line := range strings.Lines(text) {
		n++
		line, _, _ = strings.Cut(line, "#")
		f := strings.Fields(line)
		switch {
		case len(f) == 0:
		case strings.HasPrefix(f[0], "["):
			head := strings.Trim(strings.Join(f, " "), "[]")
			name, base, _ := strings.Cut(head, ":")
			section = name
			t[section] = slices.Clone(t[strings.TrimSpace(base)])
		default:
			r, err := parseRow(f)
			if err != nil || section == "" {
				return nil, fmt.Errorf("read profile table: line %d: %q is no row of a section: %v", n, strings.TrimSpace(line), err)
			}
			t[section] = append(t[section], r)
		}
	}
	return t, nil
}

func parseRow(f []string) (r row, err error) {
	if len(f[0]) != 1 || !strings.Contains("+?-", f[0]) || len(f)%2 != 0 {
		return row{}, fmt.Errorf("expected +, ? or -, a pattern, and pairs of words")
	}
	r.need, r.pattern = Need(f[0][0]), f[1]
	for i := 2; i < len(f) && err == nil; i += 2 {
		switch word, value := f[i], f[i+1]; word {
		case "from":
			r.from, err = ParseSeries(value)
		case "until":
			r.until, err = ParseSeries(value)
		case "arch":
			r.arch = append(r.arch, value)
		case "if":
			r.config = append(r.config, value)
		case "program":
			r.program = value
		case "source":
			r.source = append(r.source, value)
		case "when":
			if r.asked = value == "asked"; !r.asked {
				err = fmt.Errorf("unknown condition %q", value)
			}
		default:
			err = fmt.Errorf("unknown word %q", word)
		}
	}
	return r, err
}
