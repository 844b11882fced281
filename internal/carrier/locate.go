// SPDX-License-Identifier: Apache-2.0

package carrier

import (
	"debug/elf"
	"fmt"
	"io"
	"strings"
)

// found is a region that one way gave.
type found struct {
	how, name string
	off, size int64
	section   int
}

func (x found) String() string {
	return fmt.Sprintf("%s %s (%d bytes at offset %d)", x.how, x.name, x.size, x.off)
}

func locateELF(r io.ReaderAt, size int64, o Options) (Region, error) {
	f, err := readELF(r, size)
	if err != nil {
		return Region{}, err
	}
	names := []string{DefaultStart, DefaultEnd, bannerSymbol}
	if o.Start != "" {
		names = append(names, o.Start, o.End)
	}
	symbols, err := f.symbols(names...)
	if err != nil {
		return Region{}, err
	}
	ways, err := f.ways(o, symbols)
	if err != nil {
		return Region{}, err
	}

	region := Region{Kind: f.kind()}
	if len(ways) == 0 {
		hits, err := byMarker(r, size)
		if err != nil {
			return Region{}, err
		}
		marked, err := single(hits, fmt.Sprintf("section %s, symbols %s and %s, or the marker of a placeholder", DefaultSection, DefaultStart, DefaultEnd))
		if err != nil {
			return Region{}, err
		}
		region.Offset, region.Size, region.How = marked.Offset, marked.Size, marked.How
	} else {
		first := ways[0]
		for _, w := range ways[1:] {
			if w.off != first.off || w.size != first.size {
				return Region{}, fmt.Errorf("%v and %v disagree: expected the same bytes; the kernel must have one reservation, where its kheaders.c reads", first, w)
			}
		}
		region.Offset, region.Size, region.How, region.Name = first.off, first.size, first.how, first.name
		if err := f.checkAlone(first); err != nil {
			return Region{}, err
		}
	}
	if err := f.checkPlace(region); err != nil {
		return Region{}, err
	}
	region.Release = f.release(symbols)
	return region, nil
}

// ways returns what names lead to, in the order of precedence.
func (f *elfFile) ways(o Options, symbols map[string]symbol) ([]found, error) {
	var ways []found
	add := func(w *found, err error) error {
		if w != nil {
			ways = append(ways, *w)
		}
		return err
	}
	if o.Section != "" {
		if err := add(f.bySection(o.Section, true)); err != nil {
			return nil, err
		}
	}
	if o.Start != "" {
		if err := add(f.bySymbols(symbols, o.Start, o.End, true)); err != nil {
			return nil, err
		}
	}
	named := len(ways) > 0
	w, err := f.bySection(DefaultSection, false)
	// A kernel may use the name for something else: then the caller names the
	// place, and what is in .rodata1 is no reservation.
	if named && o.Section != DefaultSection && (err != nil || w != nil && !f.holdsReservation(*w)) {
		w, err = nil, nil
	}
	if err := add(w, err); err != nil {
		return nil, err
	}
	// These two, where they exist, are what the running kernel serves, so
	// they must agree with whatever was named.
	if err := add(f.bySymbols(symbols, DefaultStart, DefaultEnd, false)); err != nil {
		return nil, err
	}
	return ways, nil
}

// bySection returns the extent of the section of that name; nil if there is
// none and it is not required.
func (f *elfFile) bySection(name string, required bool) (*found, error) {
	index, n, err := f.sectionNamed(name)
	if err != nil {
		return nil, err
	}
	switch {
	case n > 1:
		return nil, fmt.Errorf("%d sections are named %s: expected one", n, name)
	case n == 0 && required:
		return nil, fmt.Errorf("no section is named %s: expected it to hold the placeholder ('readelf -S' lists the sections)", name)
	case n == 0:
		return nil, nil
	}
	s, err := f.plainSection(index)
	if err != nil {
		return nil, err
	}
	return &found{BySection, name, s.off, s.size, index}, nil
}

// bySymbols returns the bytes from start up to end; nil if neither symbol is
// defined and they are not required.
func (f *elfFile) bySymbols(symbols map[string]symbol, start, end string, required bool) (*found, error) {
	a, okA := symbols[start]
	b, okB := symbols[end]
	if !okA || !okB {
		if !okA && !okB && !required {
			return nil, nil
		}
		missing := start
		if okA {
			missing = end
		}
		return nil, fmt.Errorf("no symbol %s: expected the pair %s, %s round the placeholder ('nm' lists the symbols; is the file stripped?)", missing, start, end)
	}
	if a.section != b.section {
		return nil, fmt.Errorf("symbols %s and %s are in different sections, %d and %d: expected one", start, end, a.section, b.section)
	}
	s, err := f.plainSection(a.section)
	if err != nil {
		return nil, err
	}
	// A symbol's value is an address in a linked file, and an offset in its
	// section in a relocatable one (System V ABI, symbol table).
	from, to := a.value, b.value
	if f.etype != elf.ET_REL {
		from, to = from-s.addr, to-s.addr
	}
	size := uint64(s.size)
	if to < from || from > size || to > size {
		return nil, fmt.Errorf("symbols %s and %s are at %#x and %#x of %s, which has %#x bytes: expected a start and an end inside it", start, end, from, to, f.sectionName(a.section), size)
	}
	return &found{BySymbols, start + "," + end, s.off + int64(from), int64(to - from), a.section}, nil
}

// plainSection returns the section if it has its bytes, as they are, in the file.
func (f *elfFile) plainSection(i int) (section, error) {
	s, err := f.section(i)
	switch {
	case err != nil:
	case s.noBits:
		err = fmt.Errorf("%s has no bytes in the file (%v): expected the placeholder's", f.sectionName(i), s.typ)
	case s.outside:
		err = fmt.Errorf("%s has %d bytes at offset %d, which end outside the file of %d bytes: truncated file", f.sectionName(i), s.size, s.off, f.size)
	case s.typ != elf.SHT_PROGBITS:
		err = fmt.Errorf("%s is of type %v: expected SHT_PROGBITS", f.sectionName(i), s.typ)
	case s.flags&uint64(elf.SHF_COMPRESSED) != 0:
		err = fmt.Errorf("%s is compressed: expected plain bytes", f.sectionName(i))
	}
	return s, err
}

// checkPlace fails unless the region is plain data in one section, clear of
// everything else in the file, and loaded from where it is.
func (f *elfFile) checkPlace(region Region) error {
	off, size := region.Offset, region.Size
	if size == 0 {
		return nil // which Locate refuses
	}
	for _, x := range f.headers {
		if x.overlaps(off, size) {
			return fmt.Errorf("%s overlaps %s: damaged ELF file", region.where(), x.name)
		}
	}
	home := -1
	err := f.eachSection(func(i int, s section) error {
		if s.noBits || s.outside || !(extent{"", s.off, s.size}).overlaps(off, size) {
			return nil
		}
		if home >= 0 || off < s.off || size > s.size-(off-s.off) {
			other := f.sectionName(i)
			if home >= 0 && other == region.where() {
				other = f.sectionName(home)
			}
			return fmt.Errorf("%s overlaps %s: damaged ELF file", region.where(), other)
		}
		home = i
		return nil
	})
	if err != nil {
		return err
	}
	if home < 0 { // no section headers, or between sections
		return f.checkSegment(region)
	}
	s, err := f.plainSection(home)
	if err != nil {
		return err
	}
	if s.flags&uint64(elf.SHF_ALLOC) == 0 {
		return fmt.Errorf("%s is not loaded: %s has no flag SHF_ALLOC, and no kernel would show what it holds; expected the placeholder in a section such as %s", region.where(), f.sectionName(home), DefaultSection)
	}
	if err := f.checkLoaded(s, region); err != nil {
		return err
	}
	return f.checkRelocations(home, s, off, size)
}

// checkSegment fails unless the bytes of a region in no section are in a segment that
// is loaded.
func (f *elfFile) checkSegment(region Region) error {
	for _, p := range f.segments {
		off := uint64(region.Offset)
		if off >= p.off && off-p.off < p.filesz && uint64(region.Size) <= p.filesz-(off-p.off) {
			return nil
		}
	}
	return fmt.Errorf("%s is in no section, and in no segment that is loaded: no kernel would show what it holds", region.where())
}

// checkLoaded fails if the program headers do not load the region, or load other bytes
// of the file to its address than the section header says.
func (f *elfFile) checkLoaded(s section, region Region) error {
	// A linked file without any is on its way to objcopy.
	if f.etype == elf.ET_REL || len(f.segments) == 0 {
		return nil
	}
	off := uint64(region.Offset)
	addr := s.addr + uint64(region.Offset-s.off)
	for _, p := range f.segments {
		if addr < p.vaddr || addr-p.vaddr >= p.filesz || uint64(region.Size) > p.filesz-(addr-p.vaddr) {
			continue
		}
		if p.off+(addr-p.vaddr) != off {
			return fmt.Errorf("%s is at offset %d by its section, and at %d by the segment that loads it: damaged ELF file", region.where(), off, p.off+(addr-p.vaddr))
		}
		return nil
	}
	return fmt.Errorf("%s at address %#x is in no segment that is loaded: damaged ELF file", region.where(), addr)
}

// holdsReservation says whether one of our archives, placeholder or stamped,
// fills the region.
func (f *elfFile) holdsReservation(w found) bool {
	hits, err := byMarker(io.NewSectionReader(f.r, w.off, w.size), w.size)
	return err == nil && len(hits) == 1 && hits[0].Offset == 0 && hits[0].Size == w.size
}

// checkAlone fails if another reservation is in the file's data. Code and
// debug information, nine tenths of a vmlinux, are not searched: a reservation
// that a kernel serves is in neither.
func (f *elfFile) checkAlone(w found) error {
	var all int64
	return f.eachSection(func(i int, s section) error {
		if s.typ != elf.SHT_PROGBITS || s.outside || s.flags&uint64(elf.SHF_EXECINSTR|elf.SHF_COMPRESSED) != 0 {
			return nil
		}
		if name := f.sectionName(i); strings.HasPrefix(name, "section .debug") {
			return nil
		}
		if all += s.size; all/2 > f.size {
			return f.overlapError(i)
		}
		for _, x := range around(extent{"", s.off, s.size}, w) {
			hits, err := byMarker(io.NewSectionReader(f.r, x.off, x.size), x.size)
			if err != nil {
				return err
			}
			if len(hits) > 0 {
				return fmt.Errorf("%v is not the only reservation: another has %d bytes at offset %d, in %s; expected one", w, hits[0].Size, x.off+hits[0].Offset, f.sectionName(i))
			}
		}
		return nil
	})
}

// overlapError is for sections, up to the one of that index, that have more than
// twice the bytes of the file: a million of them may share all of it.
func (f *elfFile) overlapError(index int) error {
	return fmt.Errorf("%s overlaps others: they have more than twice the %d bytes of the file: damaged ELF file", f.sectionName(index), f.size)
}

// around returns what of x is before and after w.
func around(x extent, w found) []extent {
	if !x.overlaps(w.off, w.size) {
		return []extent{x}
	}
	var rest []extent
	if n := w.off - x.off; n > 0 {
		rest = append(rest, extent{"", x.off, n})
	}
	if end := w.off + w.size; end < x.off+x.size {
		rest = append(rest, extent{"", end, x.off + x.size - end})
	}
	return rest
}
