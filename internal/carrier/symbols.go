// SPDX-License-Identifier: Apache-2.0

package carrier

import (
	"debug/elf"
	"encoding/binary"
	"fmt"
	"math/bits"
	"sort"
)

// maxNames bounds how often a name may occur in a string table.
const maxNames = 4096

// symbol is a definition found by name.
type symbol struct {
	section int    // index, never a reserved one
	value   uint64 // an address, or an offset in its section if ET_REL
}

// symbols looks names up in .symtab. A name that is only undefined there, or
// not at all, is not in the result; one with two definitions that differ is an
// error.
//
// The string table is searched for the names first, and the symbols' st_name
// then compared with the places: no name is read per symbol, and a name that
// the linker shares as the tail of a longer one is found too.
func (f *elfFile) symbols(names ...string) (map[string]symbol, error) {
	tab := -1
	for i := range f.sections {
		if f.sections[i].typ != elf.SHT_SYMTAB {
			continue
		}
		if tab >= 0 {
			return nil, fmt.Errorf("read symbols: sections %d and %d are both symbol tables, expected one", tab, i)
		}
		tab = i
	}
	if tab < 0 {
		return nil, nil
	}
	s := &f.sections[tab]
	if want := f.pick(16, 24); s.entsize != want {
		return nil, fmt.Errorf("read symbols: entries have %d bytes, expected %d", s.entsize, want)
	}
	if int64(s.link) >= int64(len(f.sections)) {
		return nil, fmt.Errorf("read symbols: name table is section %d of %d", s.link, len(f.sections))
	}
	strs := &f.sections[s.link]
	if strs.typ != elf.SHT_STRTAB {
		return nil, fmt.Errorf("read symbols: name table is a section of type %v, expected SHT_STRTAB", strs.typ)
	}
	for _, x := range []*section{s, strs} {
		if x.outside {
			return nil, fmt.Errorf("read symbols: %d bytes at offset %d end outside the file of %d bytes: truncated file", x.size, x.off, f.size)
		}
	}
	places, err := f.places(strs, names)
	if err != nil || len(places) == 0 {
		return nil, err
	}

	// Looked for once, and not for each symbol: both may be many.
	indices := f.extendedIndices(tab)
	found := make(map[string]symbol)
	err = f.streamNames(s, places, func(name string, index int, p []byte) error {
		sym, shndx := f.symbol(p)
		if shndx == elf.SHN_XINDEX {
			if sym.section, err = f.extendedIndex(indices, index); err != nil {
				return err
			}
		} else if shndx == elf.SHN_UNDEF {
			return nil
		} else if shndx >= elf.SHN_LORESERVE {
			return fmt.Errorf("symbol %s is in no section (%v)", name, shndx)
		}
		if sym.section == 0 || sym.section >= len(f.sections) {
			return fmt.Errorf("symbol %s is in section %d of %d", name, sym.section, len(f.sections))
		}
		if old, ok := found[name]; ok && old != sym {
			return fmt.Errorf("symbol %s is defined twice, as %#x and %#x", name, old.value, sym.value)
		}
		found[name] = sym
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read symbols: %w", err)
	}
	return found, nil
}

// streamNames calls entry with each symbol whose st_name is one of places, the
// name, and its index in the table s. There are 130,000 in a kernel: what is
// done for each is as little as can be.
func (f *elfFile) streamNames(s *section, places map[uint32]string, entry func(name string, index int, p []byte) error) error {
	// Few symbols pass this, and only they are looked up.
	var filter [1 << 10]bool
	for at := range places {
		filter[at%uint32(len(filter))] = true
	}
	little := f.order == binary.ByteOrder(binary.LittleEndian)
	index := 0
	return f.streamWindows(s.off, s.size, s.entsize, func(window []byte) error {
		for ; len(window) > 0; index, window = index+1, window[s.entsize:] {
			at := binary.LittleEndian.Uint32(window)
			if !little {
				at = bits.ReverseBytes32(at)
			}
			if !filter[at%uint32(len(filter))] {
				continue
			}
			if name, ok := places[at]; ok {
				if err := entry(name, index, window[:s.entsize]); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// symbol decodes an Elf32_Sym or Elf64_Sym.
func (f *elfFile) symbol(p []byte) (symbol, elf.SectionIndex) {
	h := f.fields(p[4:]) // after st_name
	var value uint64
	if !f.is64 {
		value = h.word() // st_value, st_size, st_info, st_other, st_shndx
		h.word()
		h.u16()
		n := h.u16()
		return symbol{int(n), value}, elf.SectionIndex(n)
	}
	h.u16() // st_info, st_other, st_shndx, st_value, st_size
	n := h.u16()
	value = h.word()
	return symbol{int(n), value}, elf.SectionIndex(n)
}

// places returns where in a string table the names are.
func (f *elfFile) places(strs *section, names []string) (map[uint32]string, error) {
	places := make(map[uint32]string)
	err := searchEnds(f.r, strs.off, strs.size, names, func(name string, at int64) error {
		if len(places) == maxNames {
			return fmt.Errorf("name %s occurs more than %d times", name, maxNames)
		}
		if at <= 1<<32-1 {
			places[uint32(at)] = name
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read names: %w", err)
	}
	return places, nil
}

// extendedIndices returns the table of the sections of a symbol table's symbols
// whose st_shndx is SHN_XINDEX, or nil.
func (f *elfFile) extendedIndices(symtab int) *section {
	for i := range f.sections {
		s := &f.sections[i]
		if s.typ == elf.SHT_SYMTAB_SHNDX && int64(s.link) == int64(symtab) {
			return s
		}
	}
	return nil
}

// extendedIndex returns the section of a symbol from that table.
func (f *elfFile) extendedIndex(s *section, symbol int) (int, error) {
	if s == nil {
		return 0, fmt.Errorf("symbol %d needs a table of extended section indices, and there is none", symbol)
	}
	at := int64(symbol) * 4
	if s.outside || at+4 > s.size {
		return 0, fmt.Errorf("symbol %d has no entry in the table of extended section indices", symbol)
	}
	var p [4]byte
	if err := readFull(f.r, p[:], s.off+at); err != nil {
		return 0, err
	}
	n := f.order.Uint32(p[:])
	if int64(n) >= int64(len(f.sections)) {
		// It might not be an int where that has 32 bits.
		return 0, fmt.Errorf("symbol %d is in section %d of %d", symbol, n, len(f.sections))
	}
	return int(n), nil
}

// sectionsNamed returns the indices of the sections of that name.
func (f *elfFile) sectionsNamed(name string) ([]int, error) {
	if len(f.sections) == 0 {
		return nil, nil
	}
	strs := &f.sections[f.shstrtab]
	if strs.outside || strs.noBits {
		return nil, fmt.Errorf("read section names: %d bytes at offset %d are not in the file of %d bytes: truncated file", strs.size, strs.off, f.size)
	}
	places, err := f.places(strs, []string{name})
	if err != nil || len(places) == 0 {
		return nil, err
	}
	var found []int
	for i := range f.sections {
		if _, ok := places[f.sections[i].name]; ok && f.sections[i].typ != elf.SHT_NULL {
			found = append(found, i)
		}
	}
	sort.Ints(found)
	return found, nil
}

// sectionName returns a section's name for a message.
func (f *elfFile) sectionName(i int) string {
	strs := &f.sections[f.shstrtab]
	var buf [64]byte
	at := int64(f.sections[i].name)
	if strs.outside || strs.noBits || at >= strs.size {
		return fmt.Sprintf("section %d", i)
	}
	p := buf[:min(int64(len(buf)), strs.size-at)]
	if err := readFull(f.r, p, strs.off+at); err != nil {
		return fmt.Sprintf("section %d", i)
	}
	for k, c := range p {
		if c == 0 {
			return "section " + string(p[:k])
		}
	}
	return "section " + string(p) + "..."
}
