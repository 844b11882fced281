// SPDX-License-Identifier: Apache-2.0

package xz

import "encoding/binary"

const (
	auipc      = 0x17 // opcode, bits 0 to 6
	registerSP = 2
)

// undoRISCV undoes the RISC-V filter (liblzma's simple/riscv.c): the target of a
// JAL is absolute and big-endian. So is what an AUIPC and the instruction after it
// address together; the two are then an AUIPC of x2, which no compiler makes,
// with the second instruction's low bits, and the address. Pairs that look like
// that to begin with are stored the other way round.
//
// The first byte's address is even.
func undoRISCV(p []byte, at uint32) int {
	i := 0
	for i+8 <= len(p) {
		switch {
		case p[i] == 0xef && p[i+1]&0x0d == 0: // JAL with rd x1 or x5
			undoJAL(p[i:], at+uint32(i))
			i += 4
		case p[i]&0x7f == auipc:
			i += undoAUIPC(p[i:], at+uint32(i))
		default:
			i += 2
		}
	}
	return i
}

// undoJAL puts the target into the four pieces of a J-type immediate.
func undoJAL(p []byte, pc uint32) {
	target := uint32(p[1]&0xf0)<<13 | uint32(p[2])<<9 | uint32(p[3])<<1
	target -= pc
	p[1] = p[1]&0x0f | byte(target>>8)&0xf0
	p[2] = byte(target>>16)&0x0f | byte(target>>7)&0x10 | byte(target<<4)&0xe0
	p[3] = byte(target>>4)&0x7f | byte(target>>13)&0x80
}

// undoAUIPC undoes a pair, and returns how many bytes it has looked at.
func undoAUIPC(p []byte, pc uint32) int {
	first, second := binary.LittleEndian.Uint32(p), binary.LittleEndian.Uint32(p[4:])
	if rd := first >> 7 & 31; rd&^registerSP != 0 {
		// Its second instruction is a 32-bit one, whose rs1 is rd.
		if second&3 != 3 || second>>15&31 != rd {
			return 6
		}
		first, second = auipc|registerSP<<7|second<<12, first&0xfffff000+second>>20
	} else {
		rs1 := first >> 27
		if rd != registerSP || first>>12&3 != 3 || rs1&^registerSP == 0 {
			return 4
		}
		target := binary.BigEndian.Uint32(p[4:]) - pc
		// The low 12 bits are signed.
		first, second = auipc|rs1<<7|(target+0x800)&0xfffff000, first>>12|target<<20
	}
	binary.LittleEndian.PutUint32(p, first)
	binary.LittleEndian.PutUint32(p[4:], second)
	return 8
}
