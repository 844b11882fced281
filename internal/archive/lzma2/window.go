// SPDX-License-Identifier: Apache-2.0

package lzma2

import "slices"

const (
	blockBits = 16
	blockSize = 1 << blockBits // places whose matches are kept together
)

// found is a match that the refiner found: the place in its block, the length,
// the distance.
type found uint64

func newFound(pos, dist uint32, n int) found {
	return found(dist)<<32 | found(n)<<blockBits | found(pos&(blockSize-1))
}

func (f found) len() int     { return int(f >> blockBits & 0xffff) }
func (f found) dist() uint32 { return uint32(f >> 32) }
func (f found) place() int   { return int(f & (blockSize - 1)) }

// Matches of few bytes that are far away cost more than their literals.
var farthest = [5]uint32{2: 1 << 9, 3: 1 << 14, 4: 1 << 19}

// sink takes what a refiner finds, by block.
type sink struct {
	blocks [][][]found // each in chunks, of which the last has room
	free   [][]found   // chunks
}

const sinkChunk = 1 << 10

// reset empties the sink, and keeps its memory.
func (s *sink) reset(blocks int) {
	for _, chunks := range s.blocks {
		s.free = append(s.free, chunks...)
	}
	s.blocks = slices.Grow(s.blocks[:0], blocks)[:blocks]
	for i := range s.blocks {
		s.blocks[i] = s.blocks[i][:0]
	}
}

func (s *sink) add(pos, dist uint32, n int) {
	if n < len(farthest) && dist > farthest[n] {
		return
	}
	chunks := &s.blocks[pos>>blockBits]
	last := len(*chunks) - 1
	if last < 0 || len((*chunks)[last]) == sinkChunk {
		*chunks = append(*chunks, s.chunk())
		last++
	}
	c := &(*chunks)[last]
	*c = append(*c, newFound(pos, dist, n))
}

// chunk returns an empty chunk.
func (s *sink) chunk() []found {
	n := len(s.free)
	if n == 0 {
		return make([]found, 0, sinkChunk)
	}
	c := s.free[n-1]
	s.free = s.free[:n-1]
	return c[:0]
}

// window is a stretch of text, and the matches of its last part.
type window struct {
	text  []byte // and slack more, which match by chance
	from  int    // the first place that matches are wanted for
	to    int    // the end of the text
	reach uint32
	depth int

	counts [][]uint32 // by slice of the text and the first two bytes
	starts []uint32   // by the first two bytes
	order  []uint32   // places
	sinks  []sink     // by worker
}

// slack is how much is read beyond the end of a text, in bytes.
const slack = maxMatch + 8 + 16

// pairs is the number of what two bytes can be.
const pairs = 1 << 16

// slice is how much text is counted at a time, in bytes.
const slice = 1 << 20

// newWindow returns a window that finds matches by some workers, each with a sink.
func newWindow(text []byte, from, to, reach int, sinks []sink) *window {
	w := &window{text: text, from: from, to: to, reach: uint32(reach), depth: maxMatch, sinks: sinks}
	w.counts = make([][]uint32, (to+slice-1)/slice)
	for i := range sinks {
		sinks[i].reset(to>>blockBits + 1)
	}
	return w
}

// count counts the places of a slice by their first two bytes.
func (w *window) count(i int) {
	counts := make([]uint32, pairs)
	for at, end := i*slice, min((i+1)*slice, w.to-1); at < end; at++ {
		counts[uint32(w.text[at])<<8|uint32(w.text[at+1])]++
	}
	w.counts[i] = counts
}

// sum turns the counts into where the places belong. They are put into order, if
// it is not nil.
func (w *window) sum(order []uint32) {
	w.starts = make([]uint32, pairs+1)
	sum := uint32(0)
	for k := range pairs {
		w.starts[k] = sum
		for _, counts := range w.counts {
			counts[k], sum = sum, sum+counts[k]
		}
	}
	w.starts[pairs] = sum
	w.order = slices.Grow(order, int(sum))[:sum]
}

// place puts the places of a slice in order.
func (w *window) place(i int) {
	next := w.counts[i]
	for at, end := i*slice, min((i+1)*slice, w.to-1); at < end; at++ {
		k := uint32(w.text[at])<<8 | uint32(w.text[at+1])
		w.order[next[k]] = uint32(at)
		next[k]++
	}
	w.counts[i] = nil
}

// groups divides the pairs of bytes into groups of about n places.
func (w *window) groups(n int) (ends []int) {
	start := w.starts[0]
	for k := 1; k <= pairs; k++ {
		if int(w.starts[k]-start) >= n || k == pairs {
			ends, start = append(ends, k), w.starts[k]
		}
	}
	return ends
}

// refine finds the matches of the places that begin with a pair of bytes from
// one on, up to another.
func (w *window) refine(r *refiner, worker, from, to int) {
	r.text, r.from, r.reach, r.depth, r.out = w.text, uint32(w.from), w.reach, w.depth, &w.sinks[worker]
	for k := from; k < to; k++ {
		places := w.order[w.starts[k]:w.starts[k+1]]
		if k>>8 == k&0xff {
			places = r.runs(places)
		}
		r.places(places, 2)
	}
}

// hot is how many suffixes are sorted with their keys beside them.
const hot = 1 << 16

// places is refine for places, whose first depth bytes are the same.
func (r *refiner) places(p []uint32, depth int) {
	n := len(p)
	if n < 2 || p[n-1] < r.from {
		return
	}
	if depth >= r.depth {
		for i := n - 1; i > 0 && p[i] >= r.from; i-- {
			r.pair(p[i], p[i-1], r.depth)
		}
		return
	}
	if n > hot {
		p = r.thinPlaces(p, depth)
		n = len(p)
	}
	if n <= hot {
		if len(r.here) < n {
			size := min(2*n, hot)
			r.here, r.room = make([]suffix, size), make([]suffix, size)
		}
		s := r.here[:n]
		for i, pos := range p {
			s[i] = suffix{word(r.text, int(pos)+depth), pos, r.before(pos)}
		}
		r.refine(s, r.room[:n], depth, 8)
		return
	}
	r.work += n
	first, same, before := p[0], r.depth-depth, true
	for _, pos := range p[1:] {
		same = common(r.text, int(pos)+depth, int(first)+depth, 0, same)
		before = before && r.before(pos) == r.before(first)
		if same == 0 && !before {
			break
		}
	}
	if before {
		return
	}
	if same > 0 {
		r.places(p, depth+same)
		return
	}
	var ends [256]uint32
	for _, pos := range p {
		ends[r.text[int(pos)+depth]]++
	}
	sum := uint32(0)
	for i, n := range ends {
		ends[i] = sum
		sum += n
	}
	r.order = slices.Grow(r.order[:0], n)[:n]
	last := p[0]
	for _, pos := range p {
		b := r.text[int(pos)+depth]
		if b != r.text[int(last)+depth] && pos >= r.from {
			r.pair(pos, last, depth)
		}
		last = pos
		r.order[ends[b]] = pos
		ends[b]++
	}
	copy(p, r.order)
	start := uint32(0)
	for _, end := range ends {
		r.places(p[start:end], depth+1)
		start = end
	}
}

// pair tells of a match.
func (r *refiner) pair(a, b uint32, n int) {
	if dist := a - b; dist <= r.reach && r.before(a) != r.before(b) {
		r.out.add(a, dist, n)
	}
}

func (r *refiner) before(pos uint32) uint32 {
	if pos == 0 {
		return noByte
	}
	return uint32(r.text[pos-1])
}

// sorted returns the matches of a block by place, and where those of each
// place begin.
func (w *window) sorted(b int, list []found, starts []uint32) ([]found, []uint32) {
	starts = slices.Grow(starts[:0], blockSize+1)[:blockSize+1]
	clear(starts)
	total := 0
	each := func(do func(found)) {
		for i := range w.sinks {
			for _, chunk := range w.sinks[i].blocks[b] {
				for _, f := range chunk {
					do(f)
				}
			}
		}
	}
	each(func(f found) { starts[f.place()]++; total++ })
	sum := uint32(0)
	for i, n := range starts {
		starts[i] = sum
		sum += n
	}
	list = slices.Grow(list[:0], total)[:total]
	each(func(f found) { list[starts[f.place()]] = f; starts[f.place()]++ })
	copy(starts[1:], starts)
	starts[0] = 0
	return list, starts
}
