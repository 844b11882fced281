// SPDX-License-Identifier: Apache-2.0

package xz

import (
	"encoding/binary"
	"io"
	"math/bits"
)

// x86Reader undoes the x86 filter (5.3.2): in what looks like the instructions
// call (E8) and jmp (E9), with a displacement whose top byte is 00 or FF, the
// filter has made the 32-bit displacement absolute, so that calls to one place
// look alike. Which bytes look so is said by no text but liblzma's
// simple/x86.c: those that follow too closely on another such byte do not.
type x86Reader struct {
	in  io.Reader
	err error // of in

	buf        []byte // from start on decoded up to done, and as read from there
	start, pos int
	at         uint32 // address of buf[pos]; the filter counts from 0, or where its property says

	// Opcodes among the three bytes before buf[pos] that were left as they
	// are: bit 0 is the last byte. Of those in wide, the displacement has a
	// top byte of 00 or FF.
	near, wide uint8
}

// x86Length is the size in bytes of an instruction with its displacement.
const x86Length = 5

func newX86Reader(in io.Reader, at uint32) *x86Reader {
	return &x86Reader{in: in, at: at, buf: make([]byte, 0, 32<<10)}
}

func (x *x86Reader) Read(p []byte) (int, error) {
	for x.start == x.pos {
		if x.err != nil {
			return 0, x.err
		}
		x.fill()
	}
	n := copy(p, x.buf[x.start:x.pos])
	x.start += n
	return n, nil
}

// fill reads more and decodes what can be. At the end, the last bytes, too few
// for an instruction, are what they are.
func (x *x86Reader) fill() {
	x.buf = x.buf[:copy(x.buf, x.buf[x.start:])]
	x.pos -= x.start
	x.start = 0
	n, err := x.in.Read(x.buf[len(x.buf):cap(x.buf)])
	x.buf, x.err = x.buf[:len(x.buf)+n], err
	done := x.decode(x.buf[x.pos:])
	if err == io.EOF {
		done = len(x.buf) - x.pos
	}
	x.pos += done
	x.at += uint32(done)
}

// decode decodes p in place and returns how much of it is final.
func (x *x86Reader) decode(p []byte) int {
	i := 0
	for i+x86Length <= len(p) {
		if p[i] != 0xe8 && p[i] != 0xe9 {
			x.near, x.wide = x.near<<1&7, x.wide<<1&7
			i++
			continue
		}
		field := p[i+1 : i+x86Length]
		isWide := extreme(field[3])
		if isWide && x.wide == 0 && bits.OnesCount8(x.near) <= 1 {
			next := x.at + uint32(i) + x86Length
			binary.LittleEndian.PutUint32(field, relative(binary.LittleEndian.Uint32(field), next, x.near))
			x.near = 0
			i += x86Length
			continue
		}
		x.near, x.wide = x.near<<1&7|1, x.wide<<1&7
		if isWide {
			x.wide |= 1
		}
		i++
	}
	return i
}

// relative returns the displacement that the filter made v of, in an
// instruction before the address next. The result is of 25 bits, as the top
// byte was 00 or FF.
//
// The bit in near tells how far before an opcode was left as it is: the
// displacement of that one ends with a byte of this one, which is not 00 or FF.
// It must not become that in the encoder's output, where a decoder would take
// the earlier opcode for a converted one. So the encoder, while it does,
// inverts that byte and all below and adds the address again; this does the
// same and takes the address away. It ends after four rounds at most.
func relative(v, next uint32, near uint8) uint32 {
	v -= next
	if near != 0 {
		// A distance of 1 leads to the third byte of the displacement.
		low := 24 - 8*bits.TrailingZeros8(near)
		for extreme(byte(v >> (low - 8))) {
			v = v ^ (1<<low - 1) - next
		}
	}
	return uint32(int32(v<<7) >> 7)
}

func extreme(b byte) bool { return b == 0 || b == 0xff }
