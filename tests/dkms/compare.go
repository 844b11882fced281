// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"debug/elf"
	"fmt"
	"maps"
	"regexp"
	"slices"
)

// equal are the sections in which modules of both sides must be the same, where
// they have them.
var equal = []string{".text", ".data", "__versions", ".modinfo"}

// compared is how the modules of two sides compare.
type compared struct {
	same   int      // sections
	differ []string // sections, by name
	wrong  []error  // in which they must not
}

// compare compares the modules of two sides, files by name.
func compare(a, b map[string]string) (compared, error) {
	var c compared
	differ := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(a)) {
		if b[name] == "" {
			c.wrong = append(c.wrong, fmt.Errorf("%s: linux-headers build it, the archive does not", name))
			continue
		}
		x, err := sections(a[name])
		if err != nil {
			return c, err
		}
		y, err := sections(b[name])
		if err != nil {
			return c, err
		}
		for _, s := range unequal(x, y) {
			differ[s] = true
			if slices.Contains(equal, s) {
				c.wrong = append(c.wrong, fmt.Errorf("%s: section %s is another by the archive than by linux-headers", name, s))
			}
		}
		for s, content := range x {
			if other, ok := y[s]; ok && bytes.Equal(content, other) {
				c.same++
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(b)) {
		if a[name] == "" {
			c.wrong = append(c.wrong, fmt.Errorf("%s: the archive builds it, linux-headers do not", name))
		}
	}
	c.differ = slices.Sorted(maps.Keys(differ))
	return c, nil
}

// srcversion is a line of .modinfo: a digest of the sources (scripts/mod/sumversion.c).
var srcversion = regexp.MustCompile(`\x00srcversion=[0-9A-F]*`)

// sections are the contents of a module's sections, by name. Those of the same
// name are one. srcversion is one of its own: a driver's configure may write the
// date into a source.
func sections(file string) (map[string][]byte, error) {
	f, err := elf.Open(file)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	defer f.Close()
	found := map[string][]byte{}
	for _, s := range f.Sections {
		if s.Type == elf.SHT_NULL {
			continue
		}
		content := fmt.Appendf(nil, "size %d\n", s.Size)
		if s.Type != elf.SHT_NOBITS {
			data, err := s.Data()
			if err != nil {
				return nil, fmt.Errorf("read %s of %s: %w", s.Name, file, err)
			}
			content = append(content, data...)
		}
		if s.Name == ".modinfo" {
			found["srcversion"] = srcversion.Find(content)
			content = srcversion.ReplaceAll(content, nil)
		}
		found[s.Name] = append(found[s.Name], content...)
	}
	return found, nil
}

// unequal are the names of sections that differ, or that one module lacks.
func unequal(a, b map[string][]byte) []string {
	var names []string
	for name, content := range a {
		if other, ok := b[name]; !ok || !bytes.Equal(content, other) {
			names = append(names, name)
		}
	}
	for name := range b {
		if _, ok := a[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
