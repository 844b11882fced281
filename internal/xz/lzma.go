// SPDX-License-Identifier: Apache-2.0

package xz

import (
	"encoding/binary"
	"errors"
	"io"
)

// The decoder of LZMA, as its specification in the LZMA SDK (lzma-specification.txt)
// and xz-embedded (linux/lib/xz/xz_dec_lzma2.c) describe it. It works on one
// LZMA2 chunk at a time, of which all is in memory: no read, no call and no
// allocation is in its loops.

const (
	probBits  = 11 // a probability is of 1 << 11
	probMoves = 5  // how fast it adapts
	topBits   = 24 // the range is normalised below 1 << 24

	states    = 12
	posStates = 16 // 1 << pb, at most
	minMatch  = 2
)

// Where the probabilities of each kind are in lzmaState.probs.
const (
	pIsMatch    = 0
	pIsRep      = pIsMatch + states*posStates
	pIsRepG0    = pIsRep + states
	pIsRepG1    = pIsRepG0 + states
	pIsRepG2    = pIsRepG1 + states
	pIsRep0Long = pIsRepG2 + states
	pPosSlot    = pIsRep0Long + states*posStates
	pSpecial    = pPosSlot + 4*64
	pAlign      = pSpecial + 128
	pLen        = pAlign + 16
	pRepLen     = pLen + lenProbs
	pLiteral    = pRepLen + lenProbs
	maxProbs    = 1 << 14 // pLiteral + 0x300<<4, rounded up so that a mask bounds an index

	// Within those of a length.
	lenChoice  = 0
	lenChoice2 = 1
	lenLow     = 2
	lenMid     = lenLow + posStates*8
	lenHigh    = lenMid + posStates*8
	lenProbs   = lenHigh + 256
)

// maxChunk is the largest compressed chunk in bytes (LZMA2 has 16 bits for it).
const maxChunk = 1 << 16

var errCorrupt = errors.New("LZMA2 data is corrupt")

// lzmaState is what one chunk leaves to the next.
type lzmaState struct {
	probs      [maxProbs]uint16
	lc, lp, pb uint
	state      uint32
	rep        [4]uint32 // distances less one

	// in has room behind the chunk: what reads over its end reads zeros, and
	// is found at the end.
	in [2 * maxChunk]byte
}

func (s *lzmaState) reset() {
	for i := range s.probs {
		s.probs[i] = 1 << (probBits - 1)
	}
	s.state, s.rep = 0, [4]uint32{}
}

// properties sets lc, lp and pb of their byte, and resets.
func (s *lzmaState) properties(b byte) error {
	if b > (4*5+4)*9+8 {
		return errCorrupt
	}
	s.lc, s.lp, s.pb = uint(b%9), uint(b/9%5), uint(b/45)
	if s.lc+s.lp > 4 {
		return errCorrupt
	}
	s.reset()
	return nil
}

// rangeDecoder is the state of the range coder.
type rangeDecoder struct {
	rng, code uint32
	pos       uint32 // in in
}

// bit decodes one bit.
func (s *lzmaState) bit(r rangeDecoder, at uint32) (rangeDecoder, uint32) {
	p := &s.probs[at&(maxProbs-1)]
	v := uint32(*p)
	bound := (r.rng >> probBits) * v
	var b uint32
	if r.code < bound {
		r.rng = bound
		*p = uint16(v + ((1<<probBits)-v)>>probMoves)
	} else {
		r.rng -= bound
		r.code -= bound
		*p = uint16(v - v>>probMoves)
		b = 1
	}
	if r.rng < 1<<topBits {
		r.rng <<= 8
		r.code = r.code<<8 | uint32(s.in[r.pos&(2*maxChunk-1)])
		r.pos++
	}
	return r, b
}

// tree decodes a number of bits, the highest first.
func (s *lzmaState) tree(r rangeDecoder, at uint32, bits uint) (rangeDecoder, uint32) {
	m := uint32(1)
	rng, code, pos := r.rng, r.code, r.pos
	for ; bits > 0; bits-- {
		p := &s.probs[(at+m)&(maxProbs-1)]
		v := uint32(*p)
		bound := (rng >> probBits) * v
		if code < bound {
			rng = bound
			*p = uint16(v + ((1<<probBits)-v)>>probMoves)
			m <<= 1
		} else {
			rng -= bound
			code -= bound
			*p = uint16(v - v>>probMoves)
			m = m<<1 | 1
		}
		if rng < 1<<topBits {
			rng <<= 8
			code = code<<8 | uint32(s.in[pos&(2*maxChunk-1)])
			pos++
		}
	}
	return rangeDecoder{rng, code, pos}, m
}

// length decodes the length of a match, less minMatch.
func (s *lzmaState) length(r rangeDecoder, at, posState uint32) (rangeDecoder, uint32) {
	r, b := s.bit(r, at+lenChoice)
	if b == 0 {
		r, m := s.tree(r, at+lenLow+posState*8, 3)
		return r, m - 8
	}
	if r, b = s.bit(r, at+lenChoice2); b == 0 {
		r, m := s.tree(r, at+lenMid+posState*8, 3)
		return r, m
	}
	r, m := s.tree(r, at+lenHigh, 8)
	return r, m - 256 + 16
}

// distance decodes the distance of a match, less one.
func (s *lzmaState) distance(r rangeDecoder, length uint32) (rangeDecoder, uint32) {
	r, slot := s.tree(r, pPosSlot+min(length, 3)*64, 6)
	if slot -= 64; slot < 4 {
		return r, slot
	}
	bits := uint(slot>>1 - 1)
	dist := (2 | slot&1) << bits
	if slot < 14 {
		at, m := pSpecial+dist-slot, uint32(1)
		for i := range bits {
			var b uint32
			r, b = s.bit(r, at+m)
			m = m<<1 | b
			dist += b << i
		}
		return r, dist
	}
	// Bits without a model, then four of which the lowest comes first.
	var direct uint32
	for range bits - 4 {
		r.rng >>= 1
		r.code -= r.rng
		sign := uint32(int32(r.code) >> 31)
		r.code += r.rng & sign
		direct = direct<<1 + sign + 1
		if r.rng < 1<<topBits {
			r.rng <<= 8
			r.code = r.code<<8 | uint32(s.in[r.pos&(2*maxChunk-1)])
			r.pos++
		}
	}
	dist += direct << 4
	m := uint32(1)
	for i := range 4 {
		var b uint32
		r, b = s.bit(r, pAlign+m)
		m = m<<1 | b
		dist += b << i
	}
	return r, dist
}

// decode decodes a chunk of size bytes, which are in s.in, to buf[at:], all of
// which it has to fill. base is where the dictionary begins in buf, and total
// counts what was decoded since, modulo the largest period of a position's state.
func (s *lzmaState) decode(size int, buf []byte, at, base int, total uint32) error {
	clear(s.in[size : size+32])
	if size < 5 || s.in[0] != 0 {
		return errCorrupt
	}
	r := rangeDecoder{rng: 1<<32 - 1, pos: 5}
	r.code = uint32(s.in[1])<<24 | uint32(s.in[2])<<16 | uint32(s.in[3])<<8 | uint32(s.in[4])
	state, rep0, rep1, rep2, rep3 := s.state, s.rep[0], s.rep[1], s.rep[2], s.rep[3]
	posMask, litMask := uint32(1)<<s.pb-1, uint32(1)<<s.lp-1
	lc := s.lc
	start := at
	for at < len(buf) {
		position := total + uint32(at-start)
		posState := position & posMask
		var b uint32
		if r, b = s.bit(r, pIsMatch+state*posStates+posState); b == 0 {
			var prev byte
			if at > base {
				prev = buf[at-1]
			}
			lit := pLiteral + 0x300*((position&litMask)<<lc+uint32(prev)>>(8-lc))
			rng, code, pos := r.rng, r.code, r.pos
			m := uint32(1)
			if state >= 7 {
				if int(rep0) >= at-base {
					return errCorrupt
				}
				match := uint32(buf[at-int(rep0)-1])
				// As long as the bits are those of the byte that the last match
				// would have gone on with, its next bit is the context.
				offset := uint32(0x100)
				for m < 0x100 {
					match <<= 1
					bit := match & offset
					p := &s.probs[(lit+offset+bit+m)&(maxProbs-1)]
					v := uint32(*p)
					bound := (rng >> probBits) * v
					if code < bound {
						rng = bound
						*p = uint16(v + ((1<<probBits)-v)>>probMoves)
						m <<= 1
						offset &^= bit
					} else {
						rng -= bound
						code -= bound
						*p = uint16(v - v>>probMoves)
						m = m<<1 | 1
						offset &= bit
					}
					if rng < 1<<topBits {
						rng <<= 8
						code = code<<8 | uint32(s.in[pos&(2*maxChunk-1)])
						pos++
					}
				}
			}
			for m < 0x100 {
				p := &s.probs[(lit+m)&(maxProbs-1)]
				v := uint32(*p)
				bound := (rng >> probBits) * v
				if code < bound {
					rng = bound
					*p = uint16(v + ((1<<probBits)-v)>>probMoves)
					m <<= 1
				} else {
					rng -= bound
					code -= bound
					*p = uint16(v - v>>probMoves)
					m = m<<1 | 1
				}
				if rng < 1<<topBits {
					rng <<= 8
					code = code<<8 | uint32(s.in[pos&(2*maxChunk-1)])
					pos++
				}
			}
			r = rangeDecoder{rng, code, pos}
			buf[at] = byte(m)
			at++
			switch {
			case state < 4:
				state = 0
			case state < 10:
				state -= 3
			default:
				state -= 6
			}
			continue
		}
		var length uint32
		short := false
		if r, b = s.bit(r, pIsRep+state); b == 0 {
			rep3, rep2, rep1 = rep2, rep1, rep0
			r, length = s.length(r, pLen, posState)
			r, rep0 = s.distance(r, length)
			if state < 7 {
				state = 7
			} else {
				state = 10
			}
		} else {
			if r, b = s.bit(r, pIsRepG0+state); b == 0 {
				r, b = s.bit(r, pIsRep0Long+state*posStates+posState)
				short = b == 0
			} else if r, b = s.bit(r, pIsRepG1+state); b == 0 {
				rep0, rep1 = rep1, rep0
			} else if r, b = s.bit(r, pIsRepG2+state); b == 0 {
				rep0, rep1, rep2 = rep2, rep0, rep1
			} else {
				rep0, rep1, rep2, rep3 = rep3, rep0, rep1, rep2
			}
			if short {
				if state < 7 {
					state = 9
				} else {
					state = 11
				}
			} else {
				r, length = s.length(r, pRepLen, posState)
				if state < 7 {
					state = 8
				} else {
					state = 11
				}
			}
		}
		n := int(length) + minMatch
		if short {
			n = 1
		}
		if int64(rep0) >= int64(at-base) || n > len(buf)-at {
			return errCorrupt
		}
		from := at - int(rep0) - 1
		if rep0 >= 7 && n <= 32 && at+n+8 <= len(buf) {
			// Most matches are short: by words, over the end, which is written next.
			for i := 0; i < n; i += 8 {
				binary.LittleEndian.PutUint64(buf[at+i:], binary.LittleEndian.Uint64(buf[from+i:]))
			}
			at += n
			continue
		}
		if int(rep0) >= n {
			copy(buf[at:at+n], buf[from:from+n])
			at += n
			continue
		}
		for end := at + n; at < end; at++ {
			buf[at] = buf[from]
			from++
		}
	}
	if r.code != 0 || int(r.pos) != size {
		return errCorrupt
	}
	s.state, s.rep = state, [4]uint32{rep0, rep1, rep2, rep3}
	return nil
}

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

// room is how much is decoded before the dictionary moves to the front of the
// buffer, in bytes: the largest decoded chunk.
const room = 2 << 20

// firstBuffer is enough for most archives' dictionaries, in bytes; the pages that
// are not used are not there.
const firstBuffer = 16 << 20

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

// make makes room for n bytes behind at, and forgets what no match can reach.
// The buffer grows with what there is, so that a forged size costs nothing.
func (d *decoder) make(n int) {
	if d.at+n <= len(d.buf) {
		return
	}
	keep := min(d.at-d.base, d.dict)
	if size := min(d.dict+max(d.dict, 2*room), max(2*len(d.buf), keep+n, firstBuffer)); size > len(d.buf) && size >= keep+n {
		next := make([]byte, size)
		copy(next, d.buf[d.at-keep:d.at])
		d.buf = next
	} else {
		copy(d.buf, d.buf[d.at-keep:d.at])
	}
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
