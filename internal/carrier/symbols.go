// SPDX-License-Identifier: Apache-2.0

package carrier

import (
	"debug/elf"
	"encoding/binary"
	"fmt"
	"math/bits"
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
	var s section
	err := f.eachSection(func(i int, x section) error {
		if x.typ != elf.SHT_SYMTAB {
			return nil
		}
		if tab >= 0 {
			return fmt.Errorf("read symbols: sections %d and %d are both symbol tables, expected one", tab, i)
		}
		tab, s = i, x
		return nil
	})
	if err != nil || tab < 0 {
		return nil, err
	}
	if want := f.pick(16, 24); s.entsize != want {
		return nil, fmt.Errorf("read symbols: entries have %d bytes, expected %d", s.entsize, want)
	}
	if int64(s.link) >= int64(f.sections) {
		return nil, fmt.Errorf("read symbols: name table is section %d of %d", s.link, f.sections)
	}
	strs, err := f.section(int(s.link))
	if err != nil {
		return nil, err
	}
	if strs.typ != elf.SHT_STRTAB {
		return nil, fmt.Errorf("read symbols: name table is a section of type %v, expected SHT_STRTAB", strs.typ)
	}
	for _, x := range []section{s, strs} {
		if x.outside {
			return nil, fmt.Errorf("read symbols: %d bytes at offset %d end outside the file of %d bytes: truncated file", x.size, x.off, f.size)
		}
	}
	places, err := f.places(strs, names)
	if err != nil || len(places) == 0 {
		return nil, err
	}

	// Looked for once, and not for each symbol: both may be many.
	indices, err := f.extendedIndices(tab)
	if err != nil {
		return nil, err
	}
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
		if sym.section == 0 || sym.section >= f.sections {
			return fmt.Errorf("symbol %s is in section %d of %d", name, sym.section, f.sections)
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
func (f *elfFile) streamNames(s section, places map[uint32]string, entry func(name string, index int, p []byte) error) error {
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
func (f *elfFile) places(strs section, names []string) (map[uint32]string, error) {
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
func (f *elfFile) extendedIndices(symtab int) (table *section, err error) {
	err = f.eachSection(func(_ int, s section) error {
		if table == nil && s.typ == elf.SHT_SYMTAB_SHNDX && int64(s.link) == int64(symtab) {
			found := s // s itself would be allocated for each section
			table = &found
		}
		return nil
	})
	return table, err
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
	if int64(n) >= int64(f.sections) {
		// It might not be an int where that has 32 bits.
		return 0, fmt.Errorf("symbol %d is in section %d of %d", symbol, n, f.sections)
	}
	return int(n), nil
}

// sectionNamed returns the index of the first section of that name, and how many
// there are.
func (f *elfFile) sectionNamed(name string) (first, n int, err error) {
	if f.names.outside || f.names.noBits {
		return 0, 0, fmt.Errorf("read section names: %d bytes at offset %d are not in the file of %d bytes: truncated file", f.names.size, f.names.off, f.size)
	}
	places, err := f.places(f.names, []string{name})
	if err != nil || len(places) == 0 {
		return 0, 0, err
	}
	err = f.eachSection(func(i int, s section) error {
		if _, ok := places[s.name]; ok && s.typ != elf.SHT_NULL {
			if n == 0 {
				first = i
			}
			n++
		}
		return nil
	})
	return first, n, err
}

// sectionName returns a section's name for a message.
func (f *elfFile) sectionName(i int) string {
	unknown := fmt.Sprintf("section %d", i)
	s, err := f.section(i)
	at := int64(s.name)
	if err != nil || f.names.outside || f.names.noBits || at >= f.names.size {
		return unknown
	}
	var buf [64]byte
	p := buf[:min(int64(len(buf)), f.names.size-at)]
	if err := readFull(f.r, p, f.names.off+at); err != nil {
		return unknown
	}
	for k, c := range p {
		if c == 0 {
			return "section " + string(p[:k])
		}
	}
	return "section " + string(p) + "..."
}
