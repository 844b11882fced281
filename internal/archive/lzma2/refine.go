// SPDX-License-Identifier: Apache-2.0

package lzma2

import "math/bits"

// A suffix is a place in the text, with what sorts it in one cache line with
// its neighbours.
type suffix struct {
	key    uint64 // bytes of the text from some depth on, the next one lowest
	pos    uint32
	before uint32 // the byte before pos, or noByte
}

const noByte = 256

// small is the number of suffixes from which on they are compared each with
// each, in place of being sorted further.
const small = 20

// refiner finds the matches of the places whose first bytes are the same.
//
// It takes the places in order, and sorts them by one byte more at a time,
// stably: wherever a place and the one before it part, the two are the nearest
// with that much in common, which is a match. What sets this apart from a tree
// or hash chains with a limit is that it finds all matches there are, and
// nothing else decides which: not how much other text there is, nor how it is
// divided among workers. So a segment's bytes depend on its window alone.
//
// A match that begins a byte earlier too is not told: the one who reads the
// matches in order has it already. For the same reason places that all have
// the same byte before them need no more sorting, and this is what makes it
// fast: of a long repeat, only the first place matters.
type refiner struct {
	text  []byte
	from  uint32 // the first place that matches are wanted for
	reach uint32 // the longest distance in bytes
	depth int    // bytes at which matches are cut off
	out   *sink
	work  int // places that were sorted, as often as they were
	// Room for the places of a bucket.
	order      []uint32
	lengths    []uint16
	here, room []suffix
}

// load fills in the keys, of what follows the first depth bytes.
func (r *refiner) load(s []suffix, depth int) {
	for i := range s {
		s[i].key = word(r.text, int(s[i].pos)+depth)
	}
}

// refine finds the matches among s, whose first depth bytes are the same, and
// whose keys have left bytes that follow. Room is as long as s. Both are left
// in disorder.
func (r *refiner) refine(s, room []suffix, depth, left int) {
	for {
		n := len(s)
		if n < 2 || s[n-1].pos < r.from {
			return
		}
		r.work += n
		if n <= small {
			r.each(s, depth, left)
			return
		}
		first := s[0]
		differ, before := uint64(0), uint32(0)
		for i := range s {
			differ |= s[i].key ^ first.key
			before |= s[i].before ^ first.before
		}
		if before == 0 && first.before != noByte {
			return
		}
		same := min(bits.TrailingZeros64(differ)/8, left)
		depth, left = depth+same, left-same
		if depth >= r.depth {
			r.tell(s, r.depth)
			return
		}
		if left == 0 {
			s = r.thin(s, depth)
			r.load(s, depth)
			left = 8
			continue
		}
		if same > 0 {
			for i := range s {
				s[i].key >>= 8 * same
			}
		}
		r.split(s, room, depth, left)
		return
	}
}

// split sorts s by the first byte of the keys, and goes on with each part.
func (r *refiner) split(s, room []suffix, depth, left int) {
	var ends [256]uint32
	for i := range s {
		ends[byte(s[i].key)]++
	}
	sum := uint32(0)
	for i, n := range ends {
		ends[i] = sum
		sum += n
	}
	last := s[0]
	for i := range s {
		t := s[i]
		b := byte(t.key)
		if b != byte(last.key) && t.before != last.before && t.pos >= r.from && t.pos-last.pos <= r.reach {
			r.out.add(t.pos, t.pos-last.pos, depth)
		}
		last = t
		t.key >>= 8
		room[ends[b]] = t
		ends[b]++
	}
	start := uint32(0)
	for _, end := range ends {
		if end-start > 1 {
			r.refine(room[start:end], s[start:end], depth+1, left-1)
		}
		start = end
	}
}

// tell tells of matches of n bytes between neighbours.
func (r *refiner) tell(s []suffix, n int) {
	for i := len(s) - 1; i > 0 && s[i].pos >= r.from; i-- {
		if s[i].before != s[i-1].before && s[i].pos-s[i-1].pos <= r.reach {
			r.out.add(s[i].pos, s[i].pos-s[i-1].pos, n)
		}
	}
}

// each compares each suffix with those before it.
func (r *refiner) each(s []suffix, depth, left int) {
	full := depth + left
	for i := len(s) - 1; i > 0 && s[i].pos >= r.from; i-- {
		t, best := s[i], depth-1
		for j := i - 1; j >= 0; j-- {
			u := &s[j]
			dist := t.pos - u.pos
			if dist > r.reach {
				break
			}
			n := full
			if x := t.key ^ u.key; x != 0 {
				n = min(depth+bits.TrailingZeros64(x)/8, full)
			}
			if n <= best && n < full {
				continue
			}
			if n == full {
				n = common(r.text, int(t.pos), int(u.pos), full, r.depth)
				if n <= best {
					continue
				}
			}
			n = min(n, r.depth)
			best = n
			if t.before != u.before {
				r.out.add(t.pos, dist, n)
			}
			if n == r.depth {
				break
			}
		}
	}
}
