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

var (
	errLZ4       = errors.New("lz4 data is damaged")
	errTruncated = fmt.Errorf("lz4 data is truncated: %w", io.ErrUnexpectedEOF)
)

// lz4Reader decodes block by block, of one frame after another. The format's
// checksums are not looked at: what is read this way has a digest of its own.
type lz4Reader struct {
	in      *bufio.Reader
	legacy  bool
	linked  bool // blocks refer to the ones before
	sums    bool // a checksum follows each block
	sum     bool // a checksum follows the frame
	maximum int  // decoded size of a block
	out     []byte
	read    int    // bytes of out that were read; those before are history
	total   uint32 // decoded bytes of all frames, modulo 1<<32
	err     error
}

func newLZ4(r io.Reader) (io.Reader, error) {
	z := &lz4Reader{in: bufio.NewReader(r)}
	magic, err := z.bytes(4)
	if err != nil {
		return nil, err
	}
	return z, z.frame(magic)
}

// frame reads the header of a frame behind its magic.
func (z *lz4Reader) frame(magic []byte) error {
	if string(magic) == lz4Legacy {
		z.legacy, z.linked, z.sums, z.maximum = true, false, false, legacyBlock
		return nil
	}
	head, err := z.bytes(2)
	if err != nil {
		return err
	}
	flags, size := head[0], head[1]>>4&7
	if flags>>6 != 1 || size < 4 {
		return fmt.Errorf("lz4 frame has flags %#02x %#02x: expected version 1", head[0], head[1])
	}
	z.legacy, z.linked, z.sums, z.sum = false, flags&0x20 == 0, flags&0x10 != 0, flags&0x04 != 0
	z.maximum = 1 << (8 + 2*int(size))
	skip := 1 // header checksum
	if flags&0x08 != 0 {
		skip += 8 // content size
	}
	if flags&0x01 != 0 {
		return errors.New("lz4 frame needs a dictionary: expected none")
	}
	_, err = z.bytes(skip)
	return err
}

// next goes on to the frame behind one, or returns io.EOF: what else may follow
// is not read.
func (z *lz4Reader) next() error {
	for {
		magic, _ := z.in.Peek(4)
		skip := isSkippable(magic)
		if !skip && string(magic) != lz4Frame && string(magic) != lz4Legacy {
			return io.EOF
		}
		magic, err := z.bytes(4)
		if err != nil {
			return err
		}
		if !skip {
			z.out, z.read = z.out[:0], 0 // no match reaches into another frame
			return z.frame(magic)
		}
		size, err := z.bytes(4)
		if err != nil {
			return err
		}
		if _, err := io.CopyN(io.Discard, z.in, int64(binary.LittleEndian.Uint32(size))); err != nil {
			return errTruncated
		}
	}
}

// bytes reads n bytes that have to be there.
func (z *lz4Reader) bytes(n int) ([]byte, error) {
	p := make([]byte, n)
	if _, err := io.ReadFull(z.in, p); err != nil {
		return nil, errTruncated
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
		if done, err := z.legacyEnd(); done || err != nil {
			return err
		}
	}
	word, err := z.bytes(4)
	if err != nil {
		return err
	}
	size := binary.LittleEndian.Uint32(word)
	if !z.legacy && size == 0 {
		if z.sum {
			if _, err := z.bytes(4); err != nil {
				return err
			}
		}
		return z.next()
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
		z.total += size
		return nil
	}
	start := len(z.out)
	z.out, err = lz4Block(z.out, data, start+z.maximum)
	z.total += uint32(len(z.out) - start)
	return err
}

// legacyEnd goes on behind a legacy frame, whose only end is what follows, and
// says whether there was one: another frame, the decoded size that Kbuild appends,
// or nothing (io.EOF).
func (z *lz4Reader) legacyEnd() (done bool, err error) {
	p, err := z.in.Peek(5)
	if len(p) == 0 && err == io.EOF {
		return true, io.EOF
	}
	if len(p) < 4 {
		return true, errTruncated
	}
	if size := binary.LittleEndian.Uint32(p); len(p) == 4 && size == z.total {
		return true, io.EOF
	}
	if m := p[:4]; string(m) == lz4Legacy || string(m) == lz4Frame || isSkippable(m) {
		return true, z.next()
	}
	return false, nil
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
