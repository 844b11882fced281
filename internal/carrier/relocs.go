// SPDX-License-Identifier: Apache-2.0

package carrier

import (
	"debug/elf"
	"fmt"
)

// checkRelocations fails if a relocation would change a byte of the region
// [off, off+size) of target, section index: the kernel, or its module loader, would
// then write into the archive when it loads.
//
// Looked at are the relocations of the section (ET_REL, and a vmlinux linked
// with --emit-relocs) and the loaded tables of a relocatable vmlinux
// (.rela.dyn, .relr.dyn), whose r_offset is an address.
func (f *elfFile) checkRelocations(index int, target section, off, size int64) error {
	base := target.addr
	if f.etype == elf.ET_REL {
		base = 0
	}
	lo := base + uint64(off-target.off)
	var all int64
	return f.eachSection(func(i int, s section) error {
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
			return nil
		}
		if s.outside {
			return fmt.Errorf("read relocations: %s ends outside the file of %d bytes: truncated file", f.sectionName(i), f.size)
		}
		if all += s.size; all/2 > f.size {
			return fmt.Errorf("read relocations: %w", f.overlapError(i))
		}
		next := uint64(0) // RELR: the address that a bitmap starts at
		err := f.stream(s.off, s.size, each, func(p []byte) error {
			v := f.fields(p).word()
			if s.typ != shtRELR {
				if v-lo < uint64(size) || lo-v < maxWritten && lo-v < f.written(f.fields(p[f.pick(4, 8):]).word()) {
					return f.relocationError(i, v, lo)
				}
				return nil
			}
			at, hit := f.relr(&next, v, lo, uint64(size))
			if hit {
				return f.relocationError(i, at, lo)
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("check relocations: %w; expected plain data, as .incbin of a placeholder gives", err)
		}
		return nil
	})
}

func (f *elfFile) relocationError(table int, at, lo uint64) error {
	if at < lo {
		return fmt.Errorf("%s has a relocation at %#x, which writes into the reservation at %#x", f.sectionName(table), at, lo)
	}
	return fmt.Errorf("%s has a relocation at %#x, inside the reservation", f.sectionName(table), at)
}

// maxWritten bounds what written returns, and so how far before the reservation a
// relocation can begin that writes into it.
const maxWritten = 8

// written returns how many bytes a relocation writes, by its r_info, for the types
// that data has. Of any other only the place where it begins is known: 1.
func (f *elfFile) written(info uint64) uint64 {
	typ := uint32(info)
	if !f.is64 {
		typ &= 0xff
	}
	switch f.machine {
	case elf.EM_X86_64:
		switch elf.R_X86_64(typ) {
		case elf.R_X86_64_64, elf.R_X86_64_PC64, elf.R_X86_64_GLOB_DAT, elf.R_X86_64_JMP_SLOT, elf.R_X86_64_RELATIVE, elf.R_X86_64_IRELATIVE:
			return 8
		case elf.R_X86_64_32, elf.R_X86_64_32S, elf.R_X86_64_PC32, elf.R_X86_64_PLT32:
			return 4
		case elf.R_X86_64_16, elf.R_X86_64_PC16:
			return 2
		}
	case elf.EM_386:
		switch elf.R_386(typ) {
		case elf.R_386_32, elf.R_386_PC32, elf.R_386_GLOB_DAT, elf.R_386_JMP_SLOT, elf.R_386_RELATIVE, elf.R_386_IRELATIVE:
			return 4
		case elf.R_386_16, elf.R_386_PC16:
			return 2
		}
	case elf.EM_AARCH64:
		switch elf.R_AARCH64(typ) {
		case elf.R_AARCH64_ABS64, elf.R_AARCH64_PREL64, elf.R_AARCH64_GLOB_DAT, elf.R_AARCH64_JUMP_SLOT, elf.R_AARCH64_RELATIVE, elf.R_AARCH64_IRELATIVE:
			return 8
		case elf.R_AARCH64_ABS32, elf.R_AARCH64_PREL32:
			return 4
		case elf.R_AARCH64_ABS16, elf.R_AARCH64_PREL16:
			return 2
		}
	case elf.EM_ARM:
		switch elf.R_ARM(typ) {
		case elf.R_ARM_ABS32, elf.R_ARM_REL32, elf.R_ARM_TARGET1, elf.R_ARM_TARGET2, elf.R_ARM_PREL31, elf.R_ARM_GLOB_DAT, elf.R_ARM_JUMP_SLOT, elf.R_ARM_RELATIVE, elf.R_ARM_IRELATIVE:
			return 4
		case elf.R_ARM_ABS16:
			return 2
		}
	case elf.EM_RISCV:
		switch elf.R_RISCV(typ) {
		case elf.R_RISCV_64, elf.R_RISCV_ADD64, elf.R_RISCV_SUB64:
			return 8
		case elf.R_RISCV_RELATIVE, elf.R_RISCV_JUMP_SLOT:
			return uint64(f.pick(4, 8))
		case elf.R_RISCV_32, elf.R_RISCV_ADD32, elf.R_RISCV_SUB32, elf.R_RISCV_SET32, elf.R_RISCV_32_PCREL:
			return 4
		case elf.R_RISCV_ADD16, elf.R_RISCV_SUB16, elf.R_RISCV_SET16:
			return 2
		}
	}
	return 1
}

// shtRELR is SHT_RELR of the generic ABI, which package debug/elf has not.
const shtRELR elf.SectionType = 19

// relr looks at one word of an SHT_RELR table: an even word is an address, an
// odd one a bitmap of the words that follow the last address.
func (f *elfFile) relr(next *uint64, v, lo, size uint64) (at uint64, hit bool) {
	word := uint64(f.pick(4, 8))
	if v&1 == 0 {
		*next = v + word
		return v, v-lo < size || lo-v < word
	}
	start := *next
	*next += (word*8 - 1) * word
	for i := uint64(0); v>>1 != 0; i, v = i+1, v>>1 {
		if at = start + i*word; v&2 != 0 && (at-lo < size || lo-at < word) {
			return at, true
		}
	}
	return 0, false
}
