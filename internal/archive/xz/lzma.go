// SPDX-License-Identifier: Apache-2.0

package xz

import (
	"encoding/binary"
	"errors"
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
			r, m = s.tree(rangeDecoder{rng, code, pos}, lit, m, 0x100)
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
