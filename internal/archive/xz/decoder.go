// SPDX-License-Identifier: Apache-2.0

package xz

import "io"

// decoder decodes raw LZMA2 data up to its end marker, and reads nothing
// beyond that.
type decoder struct {
	in   io.Reader
	dict int // bytes that a match may reach back
	lzma *lzmaState
	err  error

	// buf holds the dictionary, in front of at, and behind it room for a chunk;
	// what is between read and at was not returned yet.
	buf      []byte
	base, at int
	read     int
	total    uint32 // decoded since the dictionary was reset, modulo 2^32

	needDict, needProperties bool
}

// room is the largest decoded chunk, in bytes.
const room = 2 << 20

func newDecoder(in io.Reader, dict int64) *decoder {
	return &decoder{in: in, dict: int(max(dict, 4096)), needDict: true, needProperties: true}
}

func (d *decoder) Read(p []byte) (int, error) {
	for d.read == d.at {
		if d.err != nil {
			return 0, d.err
		}
		d.err = d.chunk()
	}
	n := copy(p, d.buf[d.read:d.at])
	d.read += n
	return n, nil
}

// make makes room for n bytes behind at, and forgets what no match can reach. The
// buffer has the dictionary, and in a larger one less room beside it: what is moved
// to the front is at most four times what was decoded since. It is made once, of
// pages that are not there before they are used: a forged size costs nothing.
func (d *decoder) make(n int) {
	if d.at+n <= len(d.buf) {
		return
	}
	if d.buf == nil {
		d.buf = make([]byte, d.dict+max(d.dict/4, 2*room, min(d.dict, 4*room)))
		return
	}
	keep := min(d.at-d.base, d.dict)
	copy(d.buf, d.buf[d.at-keep:d.at])
	d.base, d.at, d.read = 0, keep, keep
}

// chunk decodes the next chunk; io.EOF is the end marker.
func (d *decoder) chunk() error {
	var head [6]byte
	if _, err := io.ReadFull(d.in, head[:1]); err != nil {
		return noEOF(err)
	}
	control := head[0]
	switch {
	case control == 0:
		return io.EOF
	case control >= 0xe0 || control == 1:
		d.needDict, d.needProperties = false, true
		d.base, d.total = d.at, 0
	case d.needDict, control > 2 && control < 0x80:
		return errCorrupt
	}
	if control < 0x80 {
		if _, err := io.ReadFull(d.in, head[1:3]); err != nil {
			return noEOF(err)
		}
		n := int(head[1])<<8 + int(head[2]) + 1
		d.make(n)
		if _, err := io.ReadFull(d.in, d.buf[d.at:d.at+n]); err != nil {
			return noEOF(err)
		}
		d.at += n
		d.total += uint32(n)
		return nil
	}
	header := 5
	if control >= 0xc0 {
		header = 6
	}
	if _, err := io.ReadFull(d.in, head[1:header]); err != nil {
		return noEOF(err)
	}
	if d.lzma == nil {
		d.lzma = new(lzmaState)
	}
	switch {
	case control >= 0xc0:
		if err := d.lzma.properties(head[5]); err != nil {
			return err
		}
		d.needProperties = false
	case d.needProperties:
		return errCorrupt
	case control >= 0xa0:
		d.lzma.reset()
	}
	n := int(control&0x1f)<<16 + int(head[1])<<8 + int(head[2]) + 1
	size := int(head[3])<<8 + int(head[4]) + 1
	if _, err := io.ReadFull(d.in, d.lzma.in[:size]); err != nil {
		return noEOF(err)
	}
	d.make(n)
	// A match reaches no farther than the dictionary that was declared.
	base := max(d.base, d.at-d.dict)
	if err := d.lzma.decode(size, d.buf[:d.at+n], d.at, base, d.total); err != nil {
		return err
	}
	d.at += n
	d.total += uint32(n)
	return nil
}

// noEOF makes an end in the middle of the data an error.
func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
