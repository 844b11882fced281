// SPDX-License-Identifier: Apache-2.0

// Package carriertest makes small carriers and archives for tests.
package carriertest

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
)

// ELF describes a file. The zero value is an ELF32 little-endian ET_NONE.
type ELF struct {
	Is64, BigEndian bool
	Type            elf.Type
	Machine         elf.Machine
	Sections        []Section
	Symbols         []Symbol
	// Edit changes the finished section headers, of which the first is the
	// null section, to make a file that is wrong.
	Edit func(headers []Header)
}

// Section is a section to write. Offset, and the address of one that is not
// allocated, are chosen by Bytes.
type Section struct {
	Name  string
	Type  elf.SectionType // SHT_PROGBITS if 0
	Flags elf.SectionFlag
	Addr  uint64
	Data  []byte
	Pad   int // bytes of nothing before the data, to give odd offsets
	Info  uint32
	Entry uint64 // sh_entsize
}

// Symbol is a symbol to write. Section is its name; "" is undefined.
type Symbol struct {
	Name    string
	Section string
	Value   uint64
	Index   elf.SectionIndex // instead of Section if not 0
}

// Header is a section header as it will be written.
type Header struct {
	Name                string
	name                uint32
	Type                elf.SectionType
	Flags, Addr, Offset uint64
	Size                uint64
	Link, Info          uint32
	Align, Entry        uint64
}

// All returns every combination of class, byte order and type that a kernel's
// files have, with a name for a subtest.
func All() map[string]ELF {
	all := make(map[string]ELF)
	for _, is64 := range []bool{false, true} {
		for _, big := range []bool{false, true} {
			for _, typ := range []elf.Type{elf.ET_EXEC, elf.ET_DYN, elf.ET_REL} {
				class, order := 32, "LE"
				machine := elf.EM_386
				if is64 {
					class, machine = 64, elf.EM_X86_64
				}
				if big {
					order, machine = "BE", elf.EM_MIPS
					if is64 {
						machine = elf.EM_PPC64
					}
				}
				all[fmt.Sprintf("ELF%d-%s-%v", class, order, typ)] = ELF{Is64: is64, BigEndian: big, Type: typ, Machine: machine}
			}
		}
	}
	return all
}

func (f ELF) order() binary.AppendByteOrder {
	if f.BigEndian {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

// writer appends fields of an ELF structure.
type writer struct {
	order binary.AppendByteOrder
	is64  bool
	p     []byte
}

func (w *writer) u16(v uint16) { w.p = w.order.AppendUint16(w.p, v) }
func (w *writer) u32(v uint32) { w.p = w.order.AppendUint32(w.p, v) }
func (w *writer) word(v uint64) {
	if w.is64 {
		w.p = w.order.AppendUint64(w.p, v)
		return
	}
	w.u32(uint32(v))
}

// strtab is a string table under construction.
type strtab struct{ bytes.Buffer }

func (s *strtab) add(name string) uint32 {
	if s.Len() == 0 {
		s.WriteByte(0)
	}
	if name == "" {
		return 0
	}
	if at := bytes.Index(s.Bytes(), []byte("\x00"+name+"\x00")); at >= 0 {
		return uint32(at + 1) // as linkers do
	}
	at := s.Len()
	s.WriteString(name + "\x00")
	return uint32(at)
}

// Bytes writes the file: header, a PT_LOAD for each allocated section unless
// the type is ET_REL, the sections, .symtab, .strtab, .shstrtab, the section
// headers.
func (f ELF) Bytes() []byte {
	ehsize, phsize, shsize := uint64(52), uint64(32), uint64(40)
	if f.Is64 {
		ehsize, phsize, shsize = 64, 56, 64
	}
	headers := []Header{{}}
	index := map[string]int{}
	var phdrs []int
	for i, s := range f.Sections {
		if s.Type == 0 {
			s.Type = elf.SHT_PROGBITS
		}
		if _, ok := index[s.Name]; !ok {
			index[s.Name] = i + 1
		}
		headers = append(headers, Header{Name: s.Name, Type: s.Type, Flags: uint64(s.Flags), Addr: s.Addr, Size: uint64(len(s.Data)), Info: s.Info, Align: 1, Entry: s.Entry})
		if s.Flags&elf.SHF_ALLOC != 0 && f.Type != elf.ET_REL {
			phdrs = append(phdrs, i+1)
		}
	}
	symtab, strs := f.symtab(index)
	headers = append(headers,
		Header{Name: ".symtab", Type: elf.SHT_SYMTAB, Size: uint64(len(symtab)), Link: uint32(len(headers) + 1), Align: 1, Entry: f.symSize()},
		Header{Name: ".strtab", Type: elf.SHT_STRTAB, Size: uint64(len(strs)), Align: 1},
		Header{Name: ".shstrtab", Type: elf.SHT_STRTAB, Align: 1})
	var names strtab
	for i := range headers {
		headers[i].name = names.add(headers[i].Name)
	}
	last := &headers[len(headers)-1]
	last.Size = uint64(names.Len())

	body := make([]byte, ehsize+phsize*uint64(len(phdrs)))
	put := func(h *Header, data []byte) {
		h.Offset = uint64(len(body))
		body = append(body, data...)
	}
	for i, s := range f.Sections {
		body = append(body, make([]byte, s.Pad)...)
		put(&headers[i+1], s.Data)
	}
	put(&headers[len(headers)-3], symtab)
	put(&headers[len(headers)-2], strs)
	put(last, names.Bytes())
	for len(body)%8 != 0 {
		body = append(body, 0)
	}
	segments := f.segments(headers, phdrs)
	if f.Edit != nil {
		f.Edit(headers)
	}
	shoff := uint64(len(body))
	for _, h := range headers {
		body = append(body, f.header(h)...)
	}
	w := &writer{order: f.order(), is64: f.Is64, p: f.ident()}
	w.u16(uint16(f.Type))
	w.u16(uint16(f.Machine))
	w.u32(uint32(elf.EV_CURRENT))
	w.word(0)
	phoff := uint64(0)
	if len(phdrs) > 0 {
		phoff = ehsize
	}
	w.word(phoff)
	w.word(shoff)
	w.u32(0)
	for _, v := range []int{int(ehsize), int(phsize), len(phdrs), int(shsize), len(headers), len(headers) - 1} {
		w.u16(uint16(v))
	}
	copy(body, w.p)
	copy(body[ehsize:], segments)
	return body
}

func (f ELF) ident() []byte {
	class, data := elf.ELFCLASS32, elf.ELFDATA2LSB
	if f.Is64 {
		class = elf.ELFCLASS64
	}
	if f.BigEndian {
		data = elf.ELFDATA2MSB
	}
	ident := make([]byte, elf.EI_NIDENT)
	copy(ident, elf.ELFMAG)
	ident[elf.EI_CLASS], ident[elf.EI_DATA], ident[elf.EI_VERSION] = byte(class), byte(data), byte(elf.EV_CURRENT)
	return ident
}

func (f ELF) symSize() uint64 {
	if f.Is64 {
		return 24
	}
	return 16
}

func (f ELF) symtab(index map[string]int) (symtab, names []byte) {
	var strs strtab
	strs.add("")
	w := &writer{order: f.order(), is64: f.Is64, p: make([]byte, f.symSize())}
	for _, s := range f.Symbols {
		shndx := uint16(index[s.Section])
		if s.Index != 0 {
			shndx = uint16(s.Index)
		}
		const info = 1 << 4 // GLOBAL, NOTYPE
		w.u32(strs.add(s.Name))
		if f.Is64 {
			w.p = append(w.p, info, 0)
			w.u16(shndx)
			w.word(s.Value)
			w.word(0)
			continue
		}
		w.word(s.Value)
		w.word(0)
		w.p = append(w.p, info, 0)
		w.u16(shndx)
	}
	return w.p, strs.Bytes()
}

func (f ELF) segments(headers []Header, which []int) []byte {
	w := &writer{order: f.order(), is64: f.Is64}
	for _, i := range which {
		h := headers[i]
		w.u32(uint32(elf.PT_LOAD))
		if f.Is64 {
			w.u32(uint32(elf.PF_R))
		}
		w.word(h.Offset)
		w.word(h.Addr)
		w.word(h.Addr)
		w.word(h.Size)
		w.word(h.Size)
		if !f.Is64 {
			w.u32(uint32(elf.PF_R))
		}
		w.word(1)
	}
	return w.p
}

func (f ELF) header(h Header) []byte {
	w := &writer{order: f.order(), is64: f.Is64}
	w.u32(h.name)
	w.u32(uint32(h.Type))
	w.word(h.Flags)
	w.word(h.Addr)
	w.word(h.Offset)
	w.word(h.Size)
	w.u32(h.Link)
	w.u32(h.Info)
	w.word(h.Align)
	w.word(h.Entry)
	return w.p
}

// Rela returns a relocation table with entries at the offsets given, of
// SHT_RELA.
func (f ELF) Rela(offsets ...uint64) []byte { return f.Relocations(elf.SHT_RELA, 1, offsets...) }

// Relocations returns a relocation table of SHT_RELA or SHT_REL with entries of one
// type, an R_<machine>_<type>, at the offsets given.
func (f ELF) Relocations(table elf.SectionType, typ uint32, offsets ...uint64) []byte {
	w := &writer{order: f.order(), is64: f.Is64}
	for _, at := range offsets {
		w.word(at)
		const symbol = 1
		if f.Is64 {
			w.word(symbol<<32 | uint64(typ))
		} else {
			w.word(symbol<<8 | uint64(typ))
		}
		if table == elf.SHT_RELA {
			w.word(0)
		}
	}
	return w.p
}

// Words returns values of the class's word size.
func (f ELF) Words(values ...uint64) []byte {
	w := &writer{order: f.order(), is64: f.Is64}
	for _, v := range values {
		w.word(v)
	}
	return w.p
}
