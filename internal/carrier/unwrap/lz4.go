// SPDX-License-Identifier: Apache-2.0

package unwrap

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The two formats of lz4 files: the frame (lz4/doc/lz4_Frame_format.md), and
// the legacy one that 'lz4 -l' writes and Linux boots.
const (
	lz4Frame  = "\x04\x22\x4d\x18"
	lz4Legacy = "\x02\x21\x4c\x18"
)

// Decoded sizes of a block, in bytes.
const (
	legacyBlock = 8 << 20
	lz4History  = 64 << 10 // how far back a match may reach
)

var errLZ4 = errors.New("lz4 data is damaged")

// lz4Reader decodes block by block. The format's checksums are not looked at:
// what is read this way has a digest of its own.
type lz4Reader struct {
	in      *bufio.Reader
	legacy  bool
	linked  bool // blocks refer to the ones before
	sums    bool // a checksum follows each block
	maximum int  // decoded size of a block
	out     []byte
	read    int // bytes of out that were read; those before are history
	err     error
}

func newLZ4(r io.Reader) (io.Reader, error) {
	z := &lz4Reader{in: bufio.NewReader(r)}
	magic, err := z.bytes(4)
	if err != nil {
		return nil, err
	}
	if string(magic) == lz4Legacy {
		z.legacy, z.maximum = true, legacyBlock
		return z, nil
	}
	head, err := z.bytes(2)
	if err != nil {
		return nil, err
	}
	flags, size := head[0], head[1]>>4&7
	if flags>>6 != 1 || size < 4 {
		return nil, fmt.Errorf("lz4 frame has flags %#02x %#02x: expected version 1", head[0], head[1])
	}
	z.linked, z.sums, z.maximum = flags&0x20 == 0, flags&0x10 != 0, 1<<(8+2*int(size))
	skip := 1 // header checksum
	if flags&0x08 != 0 {
		skip += 8 // content size
	}
	if flags&0x01 != 0 {
		return nil, errors.New("lz4 frame needs a dictionary: expected none")
	}
	_, err = z.bytes(skip)
	return z, err
}

// bytes reads n bytes that have to be there.
func (z *lz4Reader) bytes(n int) ([]byte, error) {
	p := make([]byte, n)
	if _, err := io.ReadFull(z.in, p); err != nil {
		return nil, fmt.Errorf("lz4 data is truncated: %w", io.ErrUnexpectedEOF)
	}
	return p, nil
}

func (z *lz4Reader) Read(p []byte) (int, error) {
	for z.err == nil && z.read == len(z.out) {
		z.err = z.block()
	}
	n := copy(p, z.out[z.read:])
	z.read += n
	if n > 0 {
		return n, nil
	}
	return 0, z.err
}

// block decodes the next block behind the history, or returns io.EOF.
func (z *lz4Reader) block() error {
	if drop := len(z.out) - lz4History; drop > 0 {
		z.out = z.out[:copy(z.out, z.out[drop:])]
	}
	if !z.linked {
		z.out = z.out[:0]
	}
	z.read = len(z.out)
	if z.legacy {
		if _, err := z.in.Peek(1); err == io.EOF {
			return io.EOF
		}
	}
	word, err := z.bytes(4)
	if err != nil {
		return err
	}
	if z.legacy && string(word) == lz4Legacy {
		return nil // another stream follows
	}
	size := binary.LittleEndian.Uint32(word)
	if !z.legacy && size == 0 {
		return io.EOF
	}
	stored := !z.legacy && size>>31 != 0
	size &^= 1 << 31
	if size > uint32(z.maximum+z.maximum/255+16) { // LZ4_COMPRESSBOUND
		return errLZ4
	}
	data, err := z.bytes(int(size))
	if err != nil {
		return err
	}
	if z.sums {
		if _, err := z.bytes(4); err != nil {
			return err
		}
	}
	if stored {
		z.out = append(z.out, data...)
		return nil
	}
	start := len(z.out)
	if z.out, err = lz4Block(z.out, data, start+z.maximum); err != nil {
		return err
	}
	return nil
}

// lz4Block appends the decoded block (lz4/doc/lz4_Block_format.md) to out, up
// to limit bytes in all.
func lz4Block(out, p []byte, limit int) ([]byte, error) {
	// length reads the bytes that continue a length of 15.
	length := func(n int) (int, bool) {
		for n >= 15 {
			if len(p) == 0 || n > limit {
				return 0, false
			}
			c := p[0]
			p = p[1:]
			if n += int(c); c != 255 {
				break
			}
		}
		return n, true
	}
	for len(p) > 0 {
		token := p[0]
		p = p[1:]
		n, ok := length(int(token >> 4))
		if !ok || n > len(p) || n > limit-len(out) {
			return out, errLZ4
		}
		out, p = append(out, p[:n]...), p[n:]
		if len(p) == 0 {
			return out, nil // the last sequence has no match
		}
		if len(p) < 2 {
			return out, errLZ4
		}
		back := int(binary.LittleEndian.Uint16(p))
		p = p[2:]
		n, ok = length(int(token & 15))
		n += 4
		if !ok || back == 0 || back > len(out) || n > limit-len(out) {
			return out, errLZ4
		}
		for from := len(out) - back; n > 0; {
			k := min(n, len(out)-from) // a match may overlap what it makes
			out = append(out, out[from:from+k]...)
			from, n = from+k, n-k
		}
	}
	return out, errLZ4
}
