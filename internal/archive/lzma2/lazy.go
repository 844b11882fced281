// SPDX-License-Identifier: Apache-2.0

package lzma2

const (
	hashBits   = 18
	nearBytes  = 3 // of a match that is looked for at one place only
	chainBytes = 6
	// chainDepth is how many places are compared, at most, and patience after how
	// many places without a match they are half as many: text that is as good as
	// random has long chains of places that match by their hashes alone.
	chainDepth = 22
	patience   = 64
	// lazyNice is the length in bytes of a match that is taken without looking
	// further.
	lazyNice = 64
)

// chains knows, for each place of a text, the last one before it whose first
// bytes have the same hash. They are made by slices of the text, side by side,
// which are linked afterwards.
type chains struct {
	text   []byte // and slack more
	reach  int    // the longest distance in bytes
	places []place
	slices []*chainSlice
}

// place has the last places before it with the hash of its first nearBytes, and
// of its first chainBytes; -1 for none.
type place struct{ near, chain int32 }

// chainSlice has the first and last places of a slice, by hash; -1 for none.
type chainSlice struct{ firstNear, lastNear, firstChain, lastChain [1 << hashBits]int32 }

const (
	// chainSize is the size of a slice in bytes.
	chainSize = 2 << 20
	// links is into how many tasks the linking is divided.
	links = 16
)

// reset makes chains ready for the first places of a text, in their memory.
func (c *chains) reset(text []byte, reach int, places []place) {
	c.text, c.reach, c.places = text, reach, places
	n := (len(places) + chainSize - 1) / chainSize
	for len(c.slices) < n {
		c.slices = append(c.slices, new(chainSlice))
	}
	c.slices = c.slices[:n]
}

// slice chains the places of a slice.
func (c *chains) slice(i int) {
	s := c.slices[i]
	for _, t := range []*[1 << hashBits]int32{&s.firstNear, &s.lastNear, &s.firstChain, &s.lastChain} {
		for h := range t {
			t[h] = -1
		}
	}
	for at := i * chainSize; at < min((i+1)*chainSize, len(c.places)); at++ {
		w := word(c.text, at)
		n, h := hash(w, nearBytes), hash(w, chainBytes)
		p := place{s.lastNear[n], s.lastChain[h]}
		if p.near < 0 {
			s.firstNear[n] = int32(at)
		}
		if p.chain < 0 {
			s.firstChain[h] = int32(at)
		}
		c.places[at] = p
		s.lastNear[n], s.lastChain[h] = int32(at), int32(at)
	}
}

// link chains the first places of each slice to the last ones before them, for
// one in links of the hashes.
func (c *chains) link(i int) {
	const n = 1 << hashBits / links
	var near, chain [n]int32
	for h := range n {
		near[h], chain[h] = -1, -1
	}
	for _, s := range c.slices {
		for h := range n {
			if first := s.firstNear[i*n+h]; first >= 0 {
				c.places[first].near, near[h] = near[h], s.lastNear[i*n+h]
			}
			if first := s.firstChain[i*n+h]; first >= 0 {
				c.places[first].chain, chain[h] = chain[h], s.lastChain[i*n+h]
			}
		}
	}
}

// hash returns the hash of the first n bytes of a word.
func hash(w uint64, n int) uint64 {
	return w << (64 - 8*n) * 0x9e3779b97f4a7c15 >> (64 - hashBits)
}

// longest returns the longest match at pos, of limit bytes at most, in depth places of
// the chain, and its
// distance; the nearest of several.
func (c *chains) longest(pos, limit, depth int) (n, dist int) {
	text, here, least := c.text, c.places[pos], int32(max(0, pos-c.reach))
	if here.near >= least {
		d := pos - int(here.near)
		if l := common(text, pos, int(here.near), 0, limit); l > chainBytes || l >= nearBytes && d <= int(farthest[min(l, 4)]) {
			n, dist = l, d
		}
	}
	best := max(n, chainBytes-1)
	at := here.chain
	for ; depth > 0 && at >= least && best < min(limit, lazyNice); depth-- {
		if text[int(at)+best] == text[pos+best] {
			// A byte more is worth less than a distance that is much shorter.
			l, d := common(text, pos, int(at), 0, limit), pos-int(at)
			if l > best && !(l == n+1 && muchLess(dist, d)) {
				n, dist, best = l, d, l
			}
		}
		at = c.places[at].chain
	}
	return n, dist
}

// muchLess says whether a distance saves more bits than a byte of a match.
func muchLess(small, big int) bool { return small < big>>5 }

// lazy is a parser that takes the longest match, unless the one that begins a
// byte later is better, as xz's lzma_lzma_optimum_fast does.
type lazy struct {
	chains *chains
	end    int // of the segment
	op     [1]operation
	// The match at place pos, which the last step has looked up.
	pos, n, dist int
	vain         int // places without a match since the last one with
}

// begin makes the parser ready for the segment from at to end.
func (p *lazy) begin(c *chains, at, end int) {
	p.chains, p.end, p.pos, p.vain = c, end, -1, 0
}

// next implements [parser].
func (p *lazy) next(c *coder, at int) []operation {
	p.op[0] = p.choose(c, at)
	return p.op[:]
}

func (p *lazy) choose(c *coder, at int) operation {
	limit := min(p.end-at, maxMatch)
	rep, repLen := p.repetition(c, at, limit)
	if repLen >= lazyNice {
		return operation{uint32(rep), uint32(repLen)}
	}
	n, dist := p.match(at, limit)
	if n >= lazyNice {
		return operation{uint32(dist) - 1 + reps, uint32(n)}
	}
	if repLen >= minMatch && (repLen+1 >= n || repLen+2 >= n && dist > 1<<9 || repLen+3 >= n && dist > 1<<15) {
		return operation{uint32(rep), uint32(repLen)}
	}
	if n == 0 {
		return p.single(c, at)
	}
	if limit > nearBytes {
		after, afterDist := p.match(at+1, min(p.end-at-1, maxMatch))
		if after >= n && afterDist < dist || after == n+1 && !muchLess(dist, afterDist) || after > n+1 ||
			after+1 >= n && after > 0 && muchLess(afterDist, dist) {
			return p.single(c, at)
		}
		if _, l := p.repetition(c, at+1, min(p.end-at-1, maxMatch)); l+1 >= n {
			return p.single(c, at)
		}
	}
	return operation{uint32(dist) - 1 + reps, uint32(n)}
}

// single returns the operation for one byte.
func (p *lazy) single(c *coder, at int) operation {
	if from := at - int(c.reps[0]) - 1; from >= 0 && p.chains.text[from] == p.chains.text[at] {
		return operation{0, 1}
	}
	return operation{literalOp, 1}
}

// match returns the longest match at a place, which is looked up once.
func (p *lazy) match(at, limit int) (n, dist int) {
	if p.pos != at {
		p.pos = at
		p.n, p.dist = p.chains.longest(at, limit, max(1, chainDepth>>min(p.vain/patience, 8)))
		if p.vain++; p.n > 0 {
			p.vain = 0
		}
	}
	return p.n, p.dist
}

// repetition returns the longest repetition of a distance that is remembered,
// and its bytes.
func (p *lazy) repetition(c *coder, at, limit int) (rep, n int) {
	for i, dist := range c.reps {
		if l := repeated(p.chains.text, at, dist, limit); l > n {
			rep, n = i, l
		}
	}
	return rep, n
}
