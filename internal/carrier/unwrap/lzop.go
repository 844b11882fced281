// SPDX-License-Identifier: Apache-2.0

package unwrap

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/adler32"
	"hash/crc32"
	"io"
)

// The format of lzop files, as linux/lib/decompress_unlzo.c reads it; numbers are big
// endian. What the flags say that is there is skipped, but for the checksums of the
// decoded data.
const (
	lzopMagic = "\x89LZO\x00\r\n\x1a\n"

	lzopAdlerDecoded = 0x0001
	lzopAdlerCoded   = 0x0002
	lzopExtra        = 0x0040
	lzopCRCDecoded   = 0x0100
	lzopCRCCoded     = 0x0200
	lzopFilter       = 0x0800

	// maxLzopBlock is the decoded size of the largest block that is read, in bytes: lzop
	// makes blocks of 256 KiB.
	maxLzopBlock = 16 << 20
)

var errLzop = errors.New("lzop data is damaged")

// lzopReader decodes block by block.
type lzopReader struct {
	in    *bufio.Reader
	flags uint32
	out   []byte
	read  int // bytes of out that were read
	err   error
}

func newLzop(r io.Reader) (io.Reader, error) {
	z := &lzopReader{in: bufio.NewReader(r)}
	return z, z.header()
}

// bytes reads n bytes that have to be there.
func (z *lzopReader) bytes(n int) ([]byte, error) {
	p := make([]byte, n)
	if _, err := io.ReadFull(z.in, p); err != nil {
		return nil, fmt.Errorf("lzop data is truncated: %w", io.ErrUnexpectedEOF)
	}
	return p, nil
}

func (z *lzopReader) word() (uint32, error) {
	p, err := z.bytes(4)
	if err != nil {
		return 0, err
	}
	return binary.BigEndian.Uint32(p), nil
}

// skip reads n bytes and looks at none.
func (z *lzopReader) skip(n int64) error {
	if _, err := io.CopyN(io.Discard, z.in, n); err != nil {
		return fmt.Errorf("lzop data is truncated: %w", io.ErrUnexpectedEOF)
	}
	return nil
}

func (z *lzopReader) header() error {
	// Magic, version of lzop, of its library.
	p, err := z.bytes(len(lzopMagic) + 4)
	if err != nil {
		return err
	}
	version := binary.BigEndian.Uint16(p[len(lzopMagic):])
	// From 0.94 on: the version needed to decode, and behind the method the level.
	rest := 1
	if version >= 0x0940 {
		rest = 4
	}
	if p, err = z.bytes(rest); err != nil {
		return err
	}
	method := p[0]
	if version >= 0x0940 {
		method = p[2]
	}
	if method < 1 || method > 3 {
		return fmt.Errorf("lzop method is %d: expected 1, 2 or 3, LZO1X", method)
	}
	if z.flags, err = z.word(); err != nil {
		return err
	}
	if z.flags&lzopFilter != 0 {
		return errors.New("lzop file has a filter: expected none")
	}
	// Mode and time of the file, its name, the header's checksum.
	rest = 8
	if version >= 0x0940 {
		rest = 12
	}
	if err := z.skip(int64(rest)); err != nil {
		return err
	}
	if p, err = z.bytes(1); err != nil {
		return err
	}
	if err := z.skip(int64(p[0]) + 4); err != nil {
		return err
	}
	if z.flags&lzopExtra == 0 {
		return nil
	}
	size, err := z.word()
	if err != nil {
		return err
	}
	return z.skip(int64(size) + 4)
}

func (z *lzopReader) Read(p []byte) (int, error) {
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

// block decodes the next block, or returns io.EOF: what follows the last, as the size
// that Kbuild appends, is not read.
func (z *lzopReader) block() error {
	z.out, z.read = z.out[:0], 0
	decoded, err := z.word()
	if err != nil {
		return err
	}
	if decoded == 0 {
		return io.EOF
	}
	coded, err := z.word()
	if err != nil {
		return err
	}
	if decoded > maxLzopBlock || coded > decoded {
		return errLzop
	}
	var adler, crc uint32
	if z.flags&lzopAdlerDecoded != 0 {
		if adler, err = z.word(); err != nil {
			return err
		}
	}
	if z.flags&lzopCRCDecoded != 0 {
		if crc, err = z.word(); err != nil {
			return err
		}
	}
	for _, flag := range []uint32{lzopAdlerCoded, lzopCRCCoded} {
		if z.flags&flag != 0 && coded < decoded {
			if err := z.skip(4); err != nil {
				return err
			}
		}
	}
	data, err := z.bytes(int(coded))
	if err != nil {
		return err
	}
	if coded == decoded { // it could not be made smaller
		z.out = append(z.out, data...)
	} else if z.out, err = lzo1x(z.out, data, int(decoded)); err != nil {
		z.out = z.out[:0]
		return err
	}
	if z.flags&lzopAdlerDecoded != 0 && adler32.Checksum(z.out) != adler || z.flags&lzopCRCDecoded != 0 && crc32.ChecksumIEEE(z.out) != crc {
		z.out = z.out[:0]
		return errLzop
	}
	return nil
}

// lzo1x appends the decoded block, which has size bytes, to out, which is empty
// (linux/Documentation/staging/lzo.rst).
func lzo1x(out, p []byte, size int) ([]byte, error) {
	// take returns the next n bytes.
	take := func(n int) ([]byte, bool) {
		if n > len(p) {
			return nil, false
		}
		q := p[:n]
		p = p[n:]
		return q, true
	}
	// length reads what continues a length that is zero in its instruction.
	length := func(base int) (int, bool) {
		for {
			q, ok := take(1)
			if !ok || base > size {
				return 0, false
			}
			if q[0] != 0 {
				return base + int(q[0]), true
			}
			base += 255
		}
	}
	literals := func(n int) bool {
		q, ok := take(n)
		if !ok || n > size-len(out) {
			return false
		}
		out = append(out, q...)
		return true
	}
	// state is how many literals the last instruction had, 4 for a run of them.
	state := 0
	if len(p) > 0 && p[0] > 17 {
		n := int(p[0]) - 17
		p = p[1:]
		if !literals(n) {
			return out, errLzop
		}
		state = min(n, 4)
	}
	for {
		q, ok := take(1)
		if !ok {
			return out, errLzop
		}
		t := int(q[0])
		var n, back, next int
		switch {
		case t < 16 && state == 0:
			if n, ok = t, true; n == 0 {
				n, ok = length(15)
			}
			if !ok || !literals(n+3) {
				return out, errLzop
			}
			state = 4
			continue
		case t < 16:
			if q, ok = take(1); !ok {
				return out, errLzop
			}
			n, back, next = 2, 1+t>>2+int(q[0])<<2, t&3
			if state == 4 {
				n, back = 3, back+0x800
			}
		case t >= 64:
			if q, ok = take(1); !ok {
				return out, errLzop
			}
			n, back, next = t>>5+1, 1+t>>2&7+int(q[0])<<3, t&3
		default:
			mask := 31
			if t < 32 {
				mask = 7
			}
			if n, ok = t&mask, true; n == 0 {
				n, ok = length(mask)
			}
			if !ok {
				return out, errLzop
			}
			n += 2
			if q, ok = take(2); !ok {
				return out, errLzop
			}
			word := int(binary.LittleEndian.Uint16(q))
			back, next = word>>2+1, word&3
			if t < 32 {
				back = t&8<<11 + word>>2
				if back == 0 { // the end
					if n != 3 || len(p) > 0 || len(out) != size {
						return out, errLzop
					}
					return out, nil
				}
				back += 0x4000
			}
		}
		if back > len(out) || n > size-len(out) {
			return out, errLzop
		}
		for from := len(out) - back; n > 0; {
			k := min(n, len(out)-from) // a match may overlap what it makes
			out = append(out, out[from:from+k]...)
			from, n = from+k, n-k
		}
		if !literals(next) {
			return out, errLzop
		}
		state = next
	}
}
