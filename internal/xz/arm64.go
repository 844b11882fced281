// SPDX-License-Identifier: Apache-2.0

package xz

import (
	"encoding/binary"
	"io"
)

// arm64Reader undoes the ARM64 filter (5.3.2), by which the targets of BL and ADRP are
// absolute, so that calls to one place look alike (liblzma's simple/arm64.c).
type arm64Reader struct {
	in  io.Reader
	err error  // of in
	at  uint32 // address of buf[0], a multiple of 4

	buf        [32 << 10]byte
	start, end int // of what is decoded and not read
	rest       int // bytes behind that, too few for an instruction
}

func (a *arm64Reader) Read(p []byte) (int, error) {
	for a.start == a.end {
		if a.err != nil {
			return 0, a.err
		}
		a.fill()
	}
	n := copy(p, a.buf[a.start:a.end])
	a.start += n
	return n, nil
}

// fill reads more and decodes it. At the end, the last bytes, too few for an
// instruction, are what they are.
func (a *arm64Reader) fill() {
	copy(a.buf[:], a.buf[a.end:a.end+a.rest])
	n, err := a.in.Read(a.buf[a.rest:])
	n, a.err = n+a.rest, err
	a.start, a.end = 0, n&^3
	for i := 0; i < a.end; i += 4 {
		word := a.buf[i : i+4]
		binary.LittleEndian.PutUint32(word, relativeARM64(binary.LittleEndian.Uint32(word), a.at+uint32(i)))
	}
	a.at += uint32(a.end)
	if a.rest = n - a.end; err == io.EOF {
		a.end, a.rest = n, 0
	}
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
