// SPDX-License-Identifier: Apache-2.0

package carrier

import (
	"debug/elf"
	"fmt"
)

// checkRelocations fails if a relocation would change a byte of the region
// [off, off+size) of section index: the kernel, or its module loader, would
// then write into the archive when it loads.
//
// Looked at are the relocations of the section (ET_REL, and a vmlinux linked
// with --emit-relocs) and the loaded tables of a relocatable vmlinux
// (.rela.dyn, .relr.dyn), whose r_offset is an address.
func (f *elfFile) checkRelocations(index int, off, size int64) error {
	target := &f.sections[index]
	base := target.addr
	if f.etype == elf.ET_REL {
		base = 0
	}
	lo := base + uint64(off-target.off)
	hi := lo + uint64(size)
	for i := range f.sections {
		s := &f.sections[i]
		loaded := f.etype != elf.ET_REL && s.flags&uint64(elf.SHF_ALLOC) != 0
		var each int64
		switch {
		case s.typ == elf.SHT_REL && (loaded || int64(s.info) == int64(index)):
			each = f.pick(8, 16)
		case s.typ == elf.SHT_RELA && (loaded || int64(s.info) == int64(index)):
			each = f.pick(12, 24)
		case s.typ == shtRELR && loaded:
			each = f.pick(4, 8)
		default:
			continue
		}
		if s.outside {
			return fmt.Errorf("read relocations: %s ends outside the file of %d bytes: truncated file", f.sectionName(i), f.size)
		}
		next := uint64(0) // RELR: the address that a bitmap starts at
		err := f.stream(s.off, s.size, each, func(p []byte) error {
			v := f.fields(p).word()
			if s.typ != shtRELR {
				if v >= lo && v < hi {
					return fmt.Errorf("%s has a relocation at %#x, inside the reservation", f.sectionName(i), v)
				}
				return nil
			}
			at, hit := f.relr(&next, v, lo, hi)
			if hit {
				return fmt.Errorf("%s has a relocation at %#x, inside the reservation", f.sectionName(i), at)
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("check relocations: %w; expected plain data, as .incbin of a placeholder gives", err)
		}
	}
	return nil
}

// shtRELR is SHT_RELR of the generic ABI, which package debug/elf has not.
const shtRELR elf.SectionType = 19

// relr looks at one word of an SHT_RELR table: an even word is an address, an
// odd one a bitmap of the words that follow the last address.
func (f *elfFile) relr(next *uint64, v, lo, hi uint64) (at uint64, hit bool) {
	word := uint64(f.pick(4, 8))
	if v&1 == 0 {
		*next = v + word
		return v, v >= lo && v < hi
	}
	start := *next
	*next += (word*8 - 1) * word
	for i := uint64(0); v>>1 != 0; i, v = i+1, v>>1 {
		if at = start + i*word; v&2 != 0 && at >= lo && at < hi {
			return at, true
		}
	}
	return 0, false
}
