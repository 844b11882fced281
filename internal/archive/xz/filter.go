// SPDX-License-Identifier: Apache-2.0

package xz

import "io"

// filterReader undoes a filter whose work on an instruction does not depend on
// those before it.
type filterReader struct {
	in  io.Reader
	err error  // of in
	at  uint32 // address of buf[0]
	// undo undoes the filter in place, for instructions of which the first is at
	// an address, and returns how many bytes it is done with: less than 8 are
	// left.
	undo func(p []byte, at uint32) int

	buf        [32 << 10]byte
	start, end int // of what is decoded and not read
	rest       int // bytes behind that, too few for an instruction
}

func (f *filterReader) Read(p []byte) (int, error) {
	for f.start == f.end {
		if f.err != nil {
			return 0, f.err
		}
		f.fill()
	}
	n := copy(p, f.buf[f.start:f.end])
	f.start += n
	return n, nil
}

// fill reads more and decodes it. At the end, the last bytes, too few for an
// instruction, are what they are.
func (f *filterReader) fill() {
	copy(f.buf[:], f.buf[f.end:f.end+f.rest])
	n, err := f.in.Read(f.buf[f.rest:])
	n, f.err = n+f.rest, err
	f.start, f.end = 0, f.undo(f.buf[:n], f.at)
	f.at += uint32(f.end)
	if f.rest = n - f.end; err == io.EOF {
		f.end, f.rest = n, 0
	}
}
