// SPDX-License-Identifier: Apache-2.0

package lzma2

// A prob is the probability that a bit is 0, in units of 1/2048.
type prob uint16

const (
	probBits   = 11
	probInit   = 1 << (probBits - 1)
	probShift  = 5 // how fast a probability adapts
	rangeFloor = 1 << 24
)

// rangeEncoder writes bits, each in as much space as its probability asks for.
type rangeEncoder struct {
	low     uint64
	size    uint32 // of the interval that begins at low
	cache   byte   // the last byte before low that is not yet sure
	pending int    // cache, and the bytes 0xff behind it
	out     []byte
}

// reset begins with an empty output.
func (r *rangeEncoder) reset() {
	*r = rangeEncoder{size: 1<<32 - 1, pending: 1, out: r.out[:0]}
}

// length is the size in bytes of the output if it ended here.
func (r *rangeEncoder) length() int { return len(r.out) + r.pending + 4 }

func (r *rangeEncoder) bit(p *prob, bit uint32) {
	bound := (r.size >> probBits) * uint32(*p)
	if bit == 0 {
		r.size = bound
		*p += (1<<probBits - *p) >> probShift
	} else {
		r.low += uint64(bound)
		r.size -= bound
		*p -= *p >> probShift
	}
	if r.size < rangeFloor {
		r.size <<= 8
		r.shift()
	}
}

// direct writes the low count bits of value, the highest first, as they are.
func (r *rangeEncoder) direct(value uint32, count int) {
	for count--; count >= 0; count-- {
		r.size >>= 1
		if value>>count&1 == 1 {
			r.low += uint64(r.size)
		}
		if r.size < rangeFloor {
			r.size <<= 8
			r.shift()
		}
	}
}

// shift moves the highest byte of low to the output. A carry may still go
// through what is pending.
func (r *rangeEncoder) shift() {
	if r.low < 0xff<<24 || r.low >= 1<<32 {
		carry := byte(r.low >> 32)
		r.out = append(r.out, r.cache+carry)
		for ; r.pending > 1; r.pending-- {
			r.out = append(r.out, 0xff+carry)
		}
		r.pending = 0
		r.cache = byte(r.low >> 24)
	}
	r.pending++
	r.low = r.low & (1<<24 - 1) << 8
}

// finish writes what is left.
func (r *rangeEncoder) finish() {
	for range 5 {
		r.shift()
	}
}

// tree writes the low bits of value, the highest first, each with a
// probability that depends on those before it.
func (r *rangeEncoder) tree(probs []prob, value uint32, bits int) {
	at := uint32(1)
	for bits--; bits >= 0; bits-- {
		bit := value >> bits & 1
		r.bit(&probs[at], bit)
		at = at<<1 | bit
	}
}

// reverseTree is tree with the lowest bit first.
func (r *rangeEncoder) reverseTree(probs []prob, value uint32, bits int) {
	at := uint32(1)
	for range bits {
		bit := value & 1
		value >>= 1
		r.bit(&probs[at], bit)
		at = at<<1 | bit
	}
}
