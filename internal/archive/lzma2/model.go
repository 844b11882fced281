// SPDX-License-Identifier: Apache-2.0

package lzma2

import (
	"math/bits"
	"unsafe"
)

// Properties of the LZMA data (xz's lzma_lc, lzma_lp, lzma_pb). Four literal
// context bits and no position bits suit text best; the code below knows no
// others.
const (
	literalContextBits = 4
	properties         = literalContextBits // (pb*5 + lp)*9 + lc
)

const (
	minMatch  = 2   // bytes; xz's MATCH_LEN_MIN
	maxMatch  = 273 // bytes; xz's MATCH_LEN_MAX
	reps      = 4   // distances that are remembered
	states    = 12
	lenStates = 4 // lengths 2, 3, 4, and longer have distances of their own
	slots     = 64

	firstModelSlot = 4  // distances below have no bits beside the slot
	endModelSlot   = 14 // and those from here on have direct bits
	fullDistances  = 1 << (endModelSlot / 2)
	alignBits      = 4
)

// state says what the last operations were: below litStates, the last was a
// literal.
type state uint8

const litStates = 7

func (s state) literal() state {
	switch {
	case s < 4:
		return 0
	case s < 10:
		return s - 3
	}
	return s - 6
}

func (s state) match() state {
	if s < litStates {
		return 7
	}
	return 10
}

func (s state) rep() state {
	if s < litStates {
		return 8
	}
	return 11
}

func (s state) shortRep() state {
	if s < litStates {
		return 9
	}
	return 11
}

// lengths are the probabilities of a length's bits.
type lengths struct {
	choice, choice2 prob
	low, mid        [8]prob
	high            [256]prob
}

// model holds all probabilities. It is an array of probs to reset.
type model struct {
	isMatch, isRep, isRep0, isRep1, isRep2, isRep0Long [states]prob

	slot    [lenStates][slots]prob
	special [fullDistances]prob
	align   [1 << alignBits]prob

	match, rep lengths

	literals [1 << literalContextBits][0x300]prob
}

func (m *model) reset() {
	all := unsafe.Slice((*prob)(unsafe.Pointer(m)), unsafe.Sizeof(*m)/unsafe.Sizeof(prob(0)))
	for i := range all {
		all[i] = probInit
	}
}

// literal returns the probabilities of a literal after the byte before it.
func (m *model) literal(before byte) *[0x300]prob {
	return &m.literals[before>>(8-literalContextBits)]
}

// lenState is the row of probs for the slot of a match of n bytes.
func lenState(n int) int { return min(n-minMatch, lenStates-1) }

// slotOf returns the slot of a distance, which counts from 0: its two highest
// bits, and how many there are.
func slotOf(dist uint32) uint32 {
	if dist < firstModelSlot {
		return dist
	}
	n := uint32(bits.Len32(dist)) - 1
	return n<<1 | dist>>(n-1)&1
}

// An operation of the parser: what LZMA has instead of bytes.
type operation struct {
	// dist is literalOp, a number below reps of a distance to repeat, or a
	// distance, which counts from 0, plus reps.
	dist uint32
	len  uint32 // bytes; 1 with dist 0 is a short repetition
}

const literalOp = 1<<32 - 1

// coder is where the encoder is: the state that a decoder has, too.
type coder struct {
	model
	rc    rangeEncoder
	state state
	reps  [reps]uint32
}

func (c *coder) resetState() {
	c.model.reset()
	c.state = 0
	c.reps = [reps]uint32{}
}

// encode writes the operation at text[at:].
func (c *coder) encode(text []byte, at int, op operation) {
	r := &c.rc
	if op.dist == literalOp {
		r.bit(&c.isMatch[c.state], 0)
		before := byte(0)
		if at > 0 {
			before = text[at-1]
		}
		probs := c.literal(before)
		if c.state < litStates {
			r.tree(probs[:0x100], uint32(text[at]), 8)
		} else {
			r.matchedLiteral(probs, text[at], text[at-int(c.reps[0])-1])
		}
		c.state = c.state.literal()
		return
	}
	r.bit(&c.isMatch[c.state], 1)
	if op.dist >= reps {
		r.bit(&c.isRep[c.state], 0)
		c.lengths(&c.match, op.len)
		c.distance(op.dist-reps, int(op.len))
		c.reps = [reps]uint32{op.dist - reps, c.reps[0], c.reps[1], c.reps[2]}
		c.state = c.state.match()
		return
	}
	r.bit(&c.isRep[c.state], 1)
	if op.dist == 0 {
		r.bit(&c.isRep0[c.state], 0)
		if op.len == 1 {
			r.bit(&c.isRep0Long[c.state], 0)
			c.state = c.state.shortRep()
			return
		}
		r.bit(&c.isRep0Long[c.state], 1)
	} else {
		r.bit(&c.isRep0[c.state], 1)
		if op.dist == 1 {
			r.bit(&c.isRep1[c.state], 0)
		} else {
			r.bit(&c.isRep1[c.state], 1)
			r.bit(&c.isRep2[c.state], op.dist-2)
		}
		c.reps = toFront(c.reps, op.dist)
	}
	c.lengths(&c.rep, op.len)
	c.state = c.state.rep()
}

// toFront moves the distance i to the front.
func toFront(r [reps]uint32, i uint32) [reps]uint32 {
	switch i {
	case 1:
		return [reps]uint32{r[1], r[0], r[2], r[3]}
	case 2:
		return [reps]uint32{r[2], r[0], r[1], r[3]}
	case 3:
		return [reps]uint32{r[3], r[0], r[1], r[2]}
	}
	return r
}

// matchedLiteral writes c, which is not the byte at the last distance: its
// bits have probabilities of their own up to where the two differ.
func (r *rangeEncoder) matchedLiteral(probs *[0x300]prob, c, match byte) {
	offset, matched := uint32(0x100), uint32(match)
	at := uint32(1)
	for bits := 7; bits >= 0; bits-- {
		matched <<= 1
		bit := uint32(c) >> bits & 1
		r.bit(&probs[offset+matched&offset+at], bit)
		at = at<<1 | bit
		if bit == 0 {
			offset &^= matched
		} else {
			offset &= matched
		}
	}
}

func (c *coder) lengths(l *lengths, n uint32) {
	r := &c.rc
	switch n -= minMatch; {
	case n < 8:
		r.bit(&l.choice, 0)
		r.tree(l.low[:], n, 3)
	case n < 16:
		r.bit(&l.choice, 1)
		r.bit(&l.choice2, 0)
		r.tree(l.mid[:], n-8, 3)
	default:
		r.bit(&l.choice, 1)
		r.bit(&l.choice2, 1)
		r.tree(l.high[:], n-16, 8)
	}
}

func (c *coder) distance(dist uint32, n int) {
	r := &c.rc
	slot := slotOf(dist)
	r.tree(c.slot[lenState(n)][:], slot, 6)
	if slot < firstModelSlot {
		return
	}
	footer := int(slot>>1) - 1
	base := (2 | slot&1) << footer
	if slot < endModelSlot {
		r.reverseTree(c.special[base-slot:], dist-base, footer)
		return
	}
	r.direct((dist-base)>>alignBits, footer-alignBits)
	r.reverseTree(c.align[:], dist&(1<<alignBits-1), alignBits)
}
