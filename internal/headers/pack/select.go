// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/archive/container"
	"github.com/rules-kheaders/rules_kheaders/internal/headers/profile"
	"github.com/rules-kheaders/rules_kheaders/internal/headers/tree"
)

// source is a file that is to become a member.
type source struct {
	name  string                           // the member's
	where string                           // the file, for a message
	read  func(dst []byte) ([]byte, error) // appends it
}

// selection finds the files of the trees that the patterns ask for.
type selection struct {
	trees     []tree.Tree
	paths     []string // of the trees, as they were given
	profile   profile.Profile
	guard     guard
	include   []profile.Pattern
	exclude   []profile.Pattern
	hostTools HostTools

	hits    map[string]int    // matches of each pattern, by its text
	found   map[string]source // by name
	pending [][]string        // the names found in each tree
}

// run walks the trees and returns what was found; extra are files from
// elsewhere, which take part in what is required and what is there twice. It
// leaves the trees ready for the sources to be read.
func (s *selection) run(extra []source) ([]source, error) {
	s.hits = make(map[string]int)
	s.found = make(map[string]source)
	s.pending = make([][]string, len(s.trees))
	for i, t := range s.trees {
		if err := s.walk(i, t, ""); err != nil {
			return nil, err
		}
	}
	for _, e := range extra {
		components := strings.Split(e.name, "/")
		for _, r := range s.profile.Rows {
			s.hit(r.Pattern, components)
		}
		if err := s.put(e); err != nil {
			return nil, err
		}
	}
	if err := s.missing(); err != nil {
		return nil, err
	}
	compiled, err := s.chooseHostTools(s.hostTools)
	if err != nil {
		return nil, err
	}
	if compiled {
		text := []byte(profile.HostToolsMakefile)
		if err := s.put(source{toolsMakefile, "the host tools' Makefile", func(dst []byte) ([]byte, error) { return append(dst, text...), nil }}); err != nil {
			return nil, err
		}
	}
	for i, t := range s.trees {
		if err := t.Load(s.pending[i]); err != nil {
			return nil, err
		}
	}
	sources := make([]source, 0, len(s.found))
	for _, f := range s.found {
		sources = append(sources, f)
	}
	slices.SortFunc(sources, func(a, b source) int { return strings.Compare(a.name, b.name) })
	return sources, checkDirectories(sources, s.found)
}

// checkDirectories fails if a file has the name of a directory that another
// member is in: two trees together can hold both, and no archive can be unpacked
// that does. found has the sources by name.
func checkDirectories(sources []source, found map[string]source) error {
	checked := make(map[string]bool) // most directories are those of many
	for _, f := range sources {
		for dir := path.Dir(f.name); dir != "." && !checked[dir]; dir = path.Dir(dir) {
			if file, ok := found[dir]; ok {
				return fmt.Errorf("add member %s: it is the file %s, and the directory of %s; leave one out", dir, file.where, f.where)
			}
			checked[dir] = true
		}
	}
	return nil
}

func (s *selection) walk(i int, t tree.Tree, dir string) error {
	below := func(name string) bool {
		components := strings.Split(name, "/")
		return s.any(func(p profile.Pattern) bool { return p.Below(components) })
	}
	items, err := t.List(dir, func(base string) bool {
		name := path.Join(dir, base)
		components := strings.Split(name, "/")
		return below(name) || s.any(func(p profile.Pattern) bool { return p.Match(components) })
	})
	if err != nil {
		return err
	}
	for _, it := range items {
		name := path.Join(dir, it.Name)
		if it.Dir {
			if below(name) {
				if err := s.walk(i, t, name); err != nil {
					return err
				}
			}
			continue
		}
		if err := s.file(i, t, name); err != nil {
			return err
		}
	}
	return nil
}

// any reports whether is holds for a pattern that selects.
func (s *selection) any(is func(profile.Pattern) bool) bool {
	return slices.ContainsFunc(s.profile.Rows, func(r profile.Row) bool {
		return r.Need != profile.Excluded && is(r.Pattern)
	}) || slices.ContainsFunc(s.include, is)
}

// hit counts a match. A pattern given by the user and the same one in the table
// share a count, and both have matched.
func (s *selection) hit(p profile.Pattern, components []string) bool {
	if !p.Match(components) {
		return false
	}
	s.hits[p.String()]++
	return true
}

func (s *selection) file(i int, t tree.Tree, name string) error {
	components := strings.Split(name, "/")
	if name == "Makefile" {
		if wrapper, err := isWrapper(t, name); wrapper || err != nil {
			return err
		}
	}
	var wanted, asked, excluded bool
	for _, r := range s.profile.Rows {
		if hit := s.hit(r.Pattern, components); r.Need == profile.Excluded {
			excluded = excluded || hit
		} else {
			wanted = wanted || hit
		}
	}
	for _, p := range s.include {
		asked = s.hit(p, components) || asked
	}
	for _, p := range s.exclude {
		if (wanted || asked) && s.hit(p, components) {
			excluded = true
		}
	}
	if excluded || !wanted && !asked {
		return nil
	}
	if p, ok := profile.Never(name, s.guard.allowSeed); ok {
		if !asked {
			return nil
		}
		return fmt.Errorf("include %s: no archive holds %s, because all users of the machine could read it; exclude it", t.Where(name), p)
	}
	s.pending[i] = append(s.pending[i], name)
	return s.put(source{name, t.Where(name), func(dst []byte) ([]byte, error) { return t.Read(dst, name) }})
}

func (s *selection) put(f source) error {
	if err := tree.CheckName(f.name); err != nil {
		return fmt.Errorf("add %q: %w", f.where, err)
	}
	if top, _, _ := strings.Cut(f.name, "/"); top == container.MemberName {
		return fmt.Errorf("add %s as %s: that member is the marker, which is made here", f.where, f.name)
	}
	if other, ok := s.found[f.name]; ok {
		return fmt.Errorf("add member %s: it is given twice, as %s and as %s; leave one out", f.name, other.where, f.where)
	}
	s.found[f.name] = f
	return nil
}

// isWrapper reports whether the top Makefile is one that only leads to another:
// what make O= leaves in the output directory (Makefile, outputmakefile), or what
// Debian installs for a flavour, with the absolute path of the common one.
func isWrapper(t tree.Tree, name string) (bool, error) {
	if err := t.Load([]string{name}); err != nil {
		return false, err
	}
	p, err := t.Read(nil, name)
	return bytes.HasPrefix(p, []byte("# Automatically generated by ")) ||
		bytes.HasPrefix(p, []byte("include /")) && !bytes.Contains(bytes.TrimSpace(p), []byte("\n")), err
}

// missing fails if a pattern that has to match something did not.
func (s *selection) missing() error {
	var patterns []string
	for _, r := range s.profile.Rows {
		if r.Need == profile.Required && r.Source == nil && s.hits[r.Pattern.String()] == 0 {
			patterns = append(patterns, r.Pattern.String())
		}
	}
	trees := strings.Join(s.paths, ", ")
	if patterns != nil {
		return fmt.Errorf("pack profile %s for kernel %s, %s: nothing in %s matches %s",
			s.profile.Name, s.profile.Series, s.profile.Arch, trees, strings.Join(patterns, ", "))
	}
	for _, given := range []struct {
		flag     string
		patterns []profile.Pattern
	}{{"include", s.include}, {"exclude", s.exclude}} {
		for _, p := range given.patterns {
			if s.hits[p.String()] == 0 {
				return fmt.Errorf("%s %s: it matches nothing in %s", given.flag, p, trees)
			}
		}
	}
	return nil
}
