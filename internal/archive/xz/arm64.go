// SPDX-License-Identifier: Apache-2.0

package xz

import "encoding/binary"

// undoARM64 undoes the ARM64 filter (5.3.2), by which the targets of BL and ADRP are
// absolute, so that calls to one place look alike (liblzma's simple/arm64.c).
// The first byte's address is a multiple of 4.
func undoARM64(p []byte, at uint32) int {
	end := len(p) &^ 3
	for i := 0; i < end; i += 4 {
		word := p[i : i+4]
		binary.LittleEndian.PutUint32(word, relativeARM64(binary.LittleEndian.Uint32(word), at+uint32(i)))
	}
	return end
}

// relativeARM64 returns the instruction at pc with a relative target.
func relativeARM64(word, pc uint32) uint32 {
	switch {
	case word>>26 == 0x25: // BL, a signed number of words
		return 0x94000000 | (word-pc>>2)&0x03ffffff
	case word&0x9f000000 == 0x90000000: // ADRP, of pages
		page := word>>29&3 | word>>3&0x001ffffc
		// Only those within 512 MiB have been changed.
		if (page+0x00020000)&0x001c0000 != 0 {
			return word
		}
		page -= pc >> 12
		return word&0x9000001f | page&3<<29 | page&0x0003fffc<<3 | -(page&0x00020000)&0x00e00000
	}
	return word
}
