// SPDX-License-Identifier: Apache-2.0

// Package elfstrip removes from programs and shared objects what is not loaded:
// symbols, debug information and with it the paths of the machine that built
// them. It does what strip(1) of binutils does, on any machine, for programs of
// any architecture, with the same result.
package elfstrip

import (
	"bytes"
	"crypto/sha256"
	"debug/elf"
	"encoding/binary"
	"slices"
)

// format is how a file's words are read: the sizes and offsets of elf(5).
type format struct {
	order binary.ByteOrder
	is64  bool
}

// section is a header of the section table, as wide as the widest.
type section struct {
	name, kind       uint32
	flags, addr      uint64
	off, size        uint64
	link, info       uint32
	align, entrySize uint64
}

// segment is the part of a program header that says what of the file is loaded.
type segment struct {
	kind      elf.ProgType
	off, size uint64
	align     uint64
}

// file is what Strip reads of a program.
type file struct {
	format
	p        []byte
	sections []section
	segments []segment
	names    []byte // the section names
}

// Is reports whether Strip would shorten p: a program or a shared object, and
// not an object that is still to be linked, which needs its symbols.
func Is(p []byte) bool {
	_, ok := parse(p)
	return ok
}

// Strip returns a program or a shared object without its symbols and debug
// information. The build ID, a digest of those too, becomes one of the result.
// Anything else is returned as it is, a file that is cut short included.
func Strip(p []byte) []byte {
	f, ok := parse(p)
	if !ok {
		return p
	}
	keep, end := f.kept()
	out := make([]byte, end, int(end)+len(f.names)+(len(keep)+2)*f.sectionSize())
	for _, r := range f.loaded(keep) {
		copy(out[r.from:r.to], p[r.from:r.to])
	}
	f.renumberSymbols(out, keep)
	out = f.appendSections(out, keep)
	f.setBuildID(out)
	return out
}

func (f format) u16(p []byte) uint16 { return f.order.Uint16(p) }
func (f format) u32(p []byte) uint32 { return f.order.Uint32(p) }

// word reads an address or an offset: 8 bytes, or 4.
func (f format) word(p []byte) uint64 {
	if f.is64 {
		return f.order.Uint64(p)
	}
	return uint64(f.order.Uint32(p))
}

func (f format) putWord(p []byte, v uint64) {
	if f.is64 {
		f.order.PutUint64(p, v)
	} else {
		f.order.PutUint32(p, uint32(v))
	}
}

// pick returns the value for the file's word size.
func (f format) pick(in32, in64 int) int {
	if f.is64 {
		return in64
	}
	return in32
}

func (f format) headerSize() int  { return f.pick(52, 64) }
func (f format) sectionSize() int { return f.pick(40, 64) }
func (f format) segmentSize() int { return f.pick(32, 56) }

// The offsets in the file header of what this package reads and writes.
func (f format) atSegments() int    { return f.pick(28, 32) } // e_phoff
func (f format) atSections() int    { return f.pick(32, 40) } // e_shoff
func (f format) atSegmentNum() int  { return f.pick(44, 56) } // e_phnum
func (f format) atSectionNum() int  { return f.pick(48, 60) } // e_shnum
func (f format) atSectionName() int { return f.pick(50, 62) } // e_shstrndx

// parse reads the tables of a program. ok is false for any other file, one
// whose tables do not fit it, and one without sections, which has been stripped
// of more than this package removes.
func parse(p []byte) (f *file, ok bool) {
	f = &file{p: p}
	if len(p) < 52 || !bytes.HasPrefix(p, []byte(elf.ELFMAG)) {
		return nil, false
	}
	switch elf.Class(p[elf.EI_CLASS]) {
	case elf.ELFCLASS32:
	case elf.ELFCLASS64:
		f.is64 = true
	default:
		return nil, false
	}
	switch elf.Data(p[elf.EI_DATA]) {
	case elf.ELFDATA2LSB:
		f.order = binary.LittleEndian
	case elf.ELFDATA2MSB:
		f.order = binary.BigEndian
	default:
		return nil, false
	}
	if len(p) < f.headerSize() {
		return nil, false
	}
	if t := elf.Type(f.u16(p[16:])); t != elf.ET_EXEC && t != elf.ET_DYN {
		return nil, false
	}
	return f, f.readSegments() && f.readSections()
}

// table returns the bytes of n entries at an offset of the file.
func (f *file) table(off uint64, n, size int) ([]byte, bool) {
	length := uint64(n) * uint64(size)
	if off > uint64(len(f.p)) || length > uint64(len(f.p))-off {
		return nil, false
	}
	return f.p[off : off+length], true
}

func (f *file) readSegments() bool {
	size := f.segmentSize()
	p, ok := f.table(f.word(f.p[f.atSegments():]), int(f.u16(f.p[f.atSegmentNum():])), size)
	for ; ok && len(p) > 0; p = p[size:] {
		s := segment{kind: elf.ProgType(f.u32(p)), off: f.word(p[f.pick(4, 8):]), size: f.word(p[f.pick(16, 32):]), align: f.word(p[f.pick(28, 48):])}
		if _, ok = f.table(s.off, 1, int(min(s.size, 1<<31-1))); !ok || s.size >= 1<<31 {
			return false
		}
		f.segments = append(f.segments, s)
	}
	return ok
}

func (f *file) readSections() bool {
	size := f.sectionSize()
	n, names := int(f.u16(f.p[f.atSectionNum():])), int(f.u16(f.p[f.atSectionName():]))
	p, ok := f.table(f.word(f.p[f.atSections():]), n, size)
	if !ok || names >= n {
		return false
	}
	for ; len(p) > 0; p = p[size:] {
		s := section{
			name: f.u32(p), kind: f.u32(p[4:]), flags: f.word(p[8:]),
			addr: f.word(p[f.pick(12, 16):]), off: f.word(p[f.pick(16, 24):]), size: f.word(p[f.pick(20, 32):]),
			link: f.u32(p[f.pick(24, 40):]), info: f.u32(p[f.pick(28, 44):]),
			align: f.word(p[f.pick(32, 48):]), entrySize: f.word(p[f.pick(36, 56):]),
		}
		if elf.SectionType(s.kind) != elf.SHT_NOBITS && elf.SectionType(s.kind) != elf.SHT_NULL {
			if _, ok := f.table(s.off, 1, int(min(s.size, 1<<31-1))); !ok || s.size >= 1<<31 {
				return false
			}
		}
		f.sections = append(f.sections, s)
	}
	s := f.sections[names]
	f.names, ok = f.table(s.off, 1, int(min(s.size, 1<<31-1)))
	return ok && elf.SectionType(s.kind) == elf.SHT_STRTAB
}

// name returns a section's name with the NUL that ends it.
func (f *file) name(s section) []byte {
	if uint64(s.name) >= uint64(len(f.names)) {
		return []byte{0}
	}
	name := f.names[s.name:]
	if i := bytes.IndexByte(name, 0); i >= 0 {
		return name[:i+1]
	}
	return append(slices.Clone(name), 0)
}

// kept returns the indices of the sections that are loaded, the empty first one
// included, and where the part of the file ends that is needed for them.
func (f *file) kept() (keep []int, end uint64) {
	end = f.word(f.p[f.atSegments():]) + uint64(len(f.segments)*f.segmentSize())
	end = max(end, uint64(f.headerSize()))
	for _, s := range f.segments {
		end = max(end, s.off+s.size)
	}
	for i, s := range f.sections {
		if i > 0 && elf.SectionFlag(s.flags)&elf.SHF_ALLOC == 0 {
			continue
		}
		keep = append(keep, i)
		if i > 0 && elf.SectionType(s.kind) != elf.SHT_NOBITS {
			end = max(end, s.off+s.size)
		}
	}
	return keep, end
}

// span is a range of bytes of the file.
type span struct{ from, to uint64 }

// loaded returns what is copied: the headers, the segments and the sections that
// are kept. What is between them is zeros in the result.
func (f *file) loaded(keep []int) []span {
	at := f.word(f.p[f.atSegments():])
	spans := []span{{0, uint64(f.headerSize())}, {at, at + uint64(len(f.segments)*f.segmentSize())}}
	for _, s := range f.segments {
		spans = append(spans, span{s.off, s.off + s.size})
	}
	for _, i := range keep[1:] {
		if s := f.sections[i]; elf.SectionType(s.kind) != elf.SHT_NOBITS {
			spans = append(spans, span{s.off, s.off + s.size})
		}
	}
	return spans
}

// number returns the index that a section has in the result: 0 for one that is
// gone.
func number(keep []int, old uint32) uint32 {
	i, ok := slices.BinarySearch(keep, int(old))
	if !ok {
		return 0
	}
	return uint32(i)
}

// renumberSymbols changes the section that each dynamic symbol is in.
func (f *file) renumberSymbols(out []byte, keep []int) {
	for _, i := range keep[1:] {
		s := f.sections[i]
		if elf.SectionType(s.kind) != elf.SHT_DYNSYM {
			continue
		}
		size, at := f.pick(16, 24), f.pick(14, 6)
		for p := out[s.off : s.off+s.size]; len(p) >= size; p = p[size:] {
			if old := f.u16(p[at:]); old != 0 && old < uint16(elf.SHN_LORESERVE) {
				f.order.PutUint16(p[at:], uint16(number(keep, uint32(old))))
			}
		}
	}
}

// appendSections appends the names and the table of the sections that are kept,
// and makes the file header lead there.
func (f *file) appendSections(out []byte, keep []int) []byte {
	const own = ".shstrtab\x00"
	names := section{kind: uint32(elf.SHT_STRTAB), off: uint64(len(out)), align: 1}
	var table []section
	text := []byte{0}
	for _, i := range keep {
		s := f.sections[i]
		if i > 0 {
			name := f.name(s)
			s.name = uint32(len(text))
			text = append(text, name...)
			s.link = number(keep, s.link)
			if elf.SectionFlag(s.flags)&elf.SHF_INFO_LINK != 0 {
				s.info = number(keep, s.info)
			}
		}
		table = append(table, s)
	}
	names.name = uint32(len(text))
	text = append(text, own...)
	names.size = uint64(len(text))
	table = append(table, names)
	out = append(out, text...)
	for len(out)%8 != 0 {
		out = append(out, 0)
	}
	f.putWord(out[f.atSections():], uint64(len(out)))
	f.order.PutUint16(out[f.atSectionNum():], uint16(len(table)))
	f.order.PutUint16(out[f.atSectionName():], uint16(len(table)-1))
	for _, s := range table {
		out = f.appendSection(out, s)
	}
	return out
}

// appendSection appends one entry of the table.
func (f *file) appendSection(out []byte, s section) []byte {
	at := len(out)
	out = append(out, make([]byte, f.sectionSize())...)
	p := out[at:]
	f.order.PutUint32(p, s.name)
	f.order.PutUint32(p[4:], s.kind)
	f.putWord(p[8:], s.flags)
	f.putWord(p[f.pick(12, 16):], s.addr)
	f.putWord(p[f.pick(16, 24):], s.off)
	f.putWord(p[f.pick(20, 32):], s.size)
	f.order.PutUint32(p[f.pick(24, 40):], s.link)
	f.order.PutUint32(p[f.pick(28, 44):], s.info)
	f.putWord(p[f.pick(32, 48):], s.align)
	f.putWord(p[f.pick(36, 56):], s.entrySize)
	return out
}

// setBuildID replaces the build ID: the linker's is a digest of the debug
// information too, in which the paths of the build are.
func (f *file) setBuildID(out []byte) {
	var ids [][]byte
	for _, s := range f.segments {
		if s.kind == elf.PT_NOTE {
			ids = append(ids, f.buildIDs(out[s.off:s.off+s.size], max(4, s.align))...)
		}
	}
	for _, id := range ids {
		clear(id)
	}
	digest := sha256.Sum256(out)
	for _, id := range ids {
		copy(id, digest[:])
	}
}

// buildIDs returns the build IDs of a segment of notes: elf(5), Notes (Nhdr).
func (f *file) buildIDs(notes []byte, align uint64) (ids [][]byte) {
	const headerSize, buildID = 12, 3 // NT_GNU_BUILD_ID
	up := func(n uint64) uint64 { return (n + align - 1) / align * align }
	for len(notes) >= headerSize {
		nameSize, size := uint64(f.u32(notes)), uint64(f.u32(notes[4:]))
		// Names are aligned to 4 bytes, and the content with them to align.
		start := up(headerSize + nameSize)
		end := start + size
		if end > uint64(len(notes)) {
			return ids
		}
		if f.u32(notes[8:]) == buildID && nameSize == 4 && string(notes[headerSize:headerSize+4]) == "GNU\x00" {
			ids = append(ids, notes[start:end])
		}
		notes = notes[min(up(end), uint64(len(notes))):]
	}
	return ids
}
