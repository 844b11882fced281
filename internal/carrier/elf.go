// SPDX-License-Identifier: Apache-2.0

package carrier

import (
	"debug/elf"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/rules-kheaders/rules_kheaders/internal/kernel/arch"
)

// Limits on what an ELF header may ask for. A vmlinux.o built with
// -ffunction-sections has about 200,000 sections; a final vmlinux has 80.
const (
	maxSections = 1 << 20
	maxSegments = 1 << 16
)

// elfFile is what is needed of an ELF file: headers, checked against the file's
// size, in the file's own class and byte order, so that the host's do not matter.
// Section headers and contents are read when asked for, in a stream: as many
// headers as there may be would take most of the memory that stamp is to have.
//
// Package debug/elf supplies the names of the constants and nothing else: its
// reader holds whole symbol tables and is documented not to be hardened.
type elfFile struct {
	r        io.ReaderAt
	size     int64 // of the file, in bytes
	is64     bool
	order    binary.ByteOrder
	etype    elf.Type
	machine  elf.Machine
	shoff    int64   // of the section headers
	sections int     // how many there are
	names    section // .shstrtab
	segments []segment
	headers  []extent // ELF header and the two header tables
}

// section is an Elf32_Shdr or Elf64_Shdr. Offsets and sizes are bytes.
type section struct {
	name            uint32 // offset in .shstrtab
	typ             elf.SectionType
	flags           uint64
	addr            uint64
	off, size       int64
	link, info      uint32
	entsize         int64
	noBits, outside bool // takes no bytes of the file; claims bytes beyond it
}

// segment is a PT_LOAD program header.
type segment struct {
	vaddr, off, filesz uint64
}

// extent is a range of a file that something occupies.
type extent struct {
	name      string
	off, size int64
}

func (x extent) overlaps(off, size int64) bool {
	return x.size > 0 && size > 0 && off < x.off+x.size && x.off < off+size
}

// fields reads the fields of an ELF structure in turn, in the file's byte
// order; word is 4 bytes in ELF32 and 8 in ELF64.
type fields struct {
	p     []byte
	order binary.ByteOrder
	is64  bool
}

func (f *fields) u16() uint16 {
	v := f.order.Uint16(f.p)
	f.p = f.p[2:]
	return v
}

func (f *fields) u32() uint32 {
	v := f.order.Uint32(f.p)
	f.p = f.p[4:]
	return v
}

func (f *fields) word() uint64 {
	if !f.is64 {
		return uint64(f.u32())
	}
	v := f.order.Uint64(f.p)
	f.p = f.p[8:]
	return v
}

func (f *elfFile) fields(p []byte) *fields { return &fields{p, f.order, f.is64} }

// pick returns the 32-bit or the 64-bit size of a structure.
func (f *elfFile) pick(size32, size64 int64) int64 {
	if f.is64 {
		return size64
	}
	return size32
}

// readELF reads the headers of an ELF file of size bytes. What it checks is
// what later steps rely on: tables and section contents inside the file, entry
// sizes as the class has them (System V ABI, chapters 4 and 5).
func readELF(r io.ReaderAt, size int64) (*elfFile, error) {
	var ident [elf.EI_NIDENT]byte
	if err := readFull(r, ident[:], 0); err != nil {
		return nil, fmt.Errorf("read ELF header: file of %d bytes is truncated: %w", size, err)
	}
	f := &elfFile{r: r, size: size}
	switch elf.Class(ident[elf.EI_CLASS]) {
	case elf.ELFCLASS32:
	case elf.ELFCLASS64:
		f.is64 = true
	default:
		return nil, fmt.Errorf("read ELF header: class is %d, expected 1 (32-bit) or 2 (64-bit)", ident[elf.EI_CLASS])
	}
	switch elf.Data(ident[elf.EI_DATA]) {
	case elf.ELFDATA2LSB:
		f.order = binary.LittleEndian
	case elf.ELFDATA2MSB:
		f.order = binary.BigEndian
	default:
		return nil, fmt.Errorf("read ELF header: data encoding is %d, expected 1 (little-endian) or 2 (big-endian)", ident[elf.EI_DATA])
	}
	if v := ident[elf.EI_VERSION]; v != byte(elf.EV_CURRENT) {
		return nil, fmt.Errorf("read ELF header: version is %d, expected 1", v)
	}

	hdr := make([]byte, f.pick(52, 64))
	if err := readFull(r, hdr, 0); err != nil {
		return nil, fmt.Errorf("read ELF header: file of %d bytes is truncated: %w", size, err)
	}
	h := f.fields(hdr[elf.EI_NIDENT:])
	f.etype = elf.Type(h.u16())
	f.machine = elf.Machine(h.u16())
	h.u32()  // e_version
	h.word() // e_entry
	phoff, shoff := h.word(), h.word()
	h.u32() // e_flags
	h.u16() // e_ehsize
	phentsize, phnum := h.u16(), uint64(h.u16())
	shentsize, shnum, shstrndx := h.u16(), uint64(h.u16()), uint32(h.u16())

	switch f.etype {
	case elf.ET_EXEC, elf.ET_DYN, elf.ET_REL:
	default:
		return nil, fmt.Errorf("read ELF header: type is %v, expected ET_EXEC, ET_DYN (vmlinux) or ET_REL (.ko)", f.etype)
	}
	f.headers = []extent{{"the ELF header", 0, int64(len(hdr))}}
	if shoff == 0 {
		return f, f.readSegments(phoff, phnum, phentsize)
	}
	if want := f.pick(40, 64); int64(shentsize) != want {
		return nil, fmt.Errorf("read ELF header: section headers have %d bytes, expected %d", shentsize, want)
	}
	// "If the number of sections is greater than or equal to SHN_LORESERVE,
	// e_shnum is zero and the number is in sh_size of section 0"; e_shstrndx
	// and e_phnum have the same escape to sh_link and sh_info.
	if err := f.setSections(shoff, 1); err != nil {
		return nil, err
	}
	first, err := f.section(0)
	if err != nil {
		return nil, err
	}
	if shnum == 0 {
		shnum = uint64(first.size)
	}
	if shstrndx == uint32(elf.SHN_XINDEX) {
		shstrndx = first.link
	}
	if phnum == 0xffff { // PN_XNUM
		phnum = uint64(first.info)
	}
	if err := f.setSections(shoff, shnum); err != nil {
		return nil, err
	}
	f.headers = append(f.headers, extent{"the section headers", int64(shoff), int64(shnum) * int64(shentsize)})
	if shnum > 0 {
		if uint64(shstrndx) >= shnum {
			return nil, fmt.Errorf("read ELF header: section name table is section %d of %d", shstrndx, shnum)
		}
		if f.names, err = f.section(int(shstrndx)); err != nil {
			return nil, err
		}
	}
	return f, f.readSegments(phoff, phnum, phentsize)
}

// setSections makes f's sections the n whose headers are at shoff.
func (f *elfFile) setSections(shoff, n uint64) error {
	each := uint64(f.pick(40, 64))
	if n > maxSections {
		return fmt.Errorf("read section headers: %d sections, expected at most %d", n, maxSections)
	}
	if !f.inside(shoff, n*each) {
		return fmt.Errorf("read section headers: %d headers at offset %d end outside the file of %d bytes: truncated file", n, shoff, f.size)
	}
	f.shoff, f.sections = int64(shoff), int(n)
	return nil
}

// section reads the header of a section, one that there is.
func (f *elfFile) section(i int) (section, error) {
	p := make([]byte, f.pick(40, 64))
	if err := readFull(f.r, p, f.shoff+int64(i)*int64(len(p))); err != nil {
		return section{}, fmt.Errorf("read section header %d: %w", i, err)
	}
	return f.decodeSection(p), nil
}

// eachSection calls visit with the index and the header of each section in turn.
func (f *elfFile) eachSection(visit func(i int, s section) error) error {
	each := f.pick(40, 64)
	i := 0
	return f.stream(f.shoff, int64(f.sections)*each, each, func(p []byte) error {
		i++
		return visit(i-1, f.decodeSection(p))
	})
}

func (f *elfFile) decodeSection(p []byte) section {
	h := f.fields(p)
	s := section{name: h.u32(), typ: elf.SectionType(h.u32())}
	s.flags, s.addr = h.word(), h.word()
	off, size := h.word(), h.word()
	s.link, s.info = h.u32(), h.u32()
	h.word() // sh_addralign
	entsize := h.word()
	s.noBits = s.typ == elf.SHT_NOBITS || s.typ == elf.SHT_NULL
	s.outside = !s.noBits && !f.inside(off, size)
	// Values too large for an int64 cannot be inside; keep them out of
	// later sums.
	s.off, s.size, s.entsize = clamp(off), clamp(size), clamp(entsize)
	return s
}

func (f *elfFile) readSegments(phoff, n uint64, entsize uint16) error {
	if phoff == 0 || n == 0 {
		return nil
	}
	each := f.pick(32, 56)
	if int64(entsize) != each {
		return fmt.Errorf("read ELF header: program headers have %d bytes, expected %d", entsize, each)
	}
	if n > maxSegments {
		return fmt.Errorf("read program headers: %d segments, expected at most %d", n, maxSegments)
	}
	if !f.inside(phoff, n*uint64(each)) {
		return fmt.Errorf("read program headers: %d headers at offset %d end outside the file of %d bytes: truncated file", n, phoff, f.size)
	}
	f.headers = append(f.headers, extent{"the program headers", int64(phoff), int64(n) * each})
	return f.stream(int64(phoff), int64(n)*each, each, func(p []byte) error {
		h := f.fields(p)
		var s segment
		typ := elf.ProgType(h.u32())
		if f.is64 {
			h.u32() // p_flags
		}
		s.off, s.vaddr = h.word(), h.word()
		h.word() // p_paddr
		s.filesz = h.word()
		if typ == elf.PT_LOAD {
			f.segments = append(f.segments, s)
		}
		return nil
	})
}

// inside says whether the file has size bytes at off.
func (f *elfFile) inside(off, size uint64) bool {
	return off <= uint64(f.size) && size <= uint64(f.size)-off
}

func clamp(v uint64) int64 {
	const limit = 1 << 62
	if v > limit {
		return limit
	}
	return int64(v)
}

// kind names the file as in "ELF64 LE ET_EXEC x86-64".
func (f *elfFile) kind() string {
	class, order := "ELF32", "LE"
	if f.is64 {
		class = "ELF64"
	}
	if f.order == binary.BigEndian {
		order = "BE"
	}
	return fmt.Sprintf("%s %s %v %s", class, order, f.etype, arch.MachineName(f.machine))
}
