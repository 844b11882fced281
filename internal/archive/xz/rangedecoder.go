// SPDX-License-Identifier: Apache-2.0

package xz

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

// tree decodes bits, the highest first, and appends them to m until it is limit
// or more.
func (s *lzmaState) tree(r rangeDecoder, at, m, limit uint32) (rangeDecoder, uint32) {
	rng, code, pos := r.rng, r.code, r.pos
	for m < limit {
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
		r, m := s.tree(r, at+lenLow+posState*8, 1, 8)
		return r, m - 8
	}
	if r, b = s.bit(r, at+lenChoice2); b == 0 {
		r, m := s.tree(r, at+lenMid+posState*8, 1, 8)
		return r, m
	}
	r, m := s.tree(r, at+lenHigh, 1, 256)
	return r, m - 256 + 16
}

// distance decodes the distance of a match, less one.
func (s *lzmaState) distance(r rangeDecoder, length uint32) (rangeDecoder, uint32) {
	r, slot := s.tree(r, pPosSlot+min(length, 3)*64, 1, 64)
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
