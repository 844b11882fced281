// SPDX-License-Identifier: Apache-2.0

package lzma2

import (
	"slices"
	"sync"

	"github.com/rules-kheaders/rules_kheaders/internal/hugepage"
)

// encoder is one call of Encode.
type encoder struct {
	part    Part
	starts  []int // of its pieces
	preset  Preset
	ends    []int    // of the segments
	results [][]byte // of the segments
	queue   *queue
	most    int      // bytes that a slot's text has, and slack more
	order   []uint32 // memory of the window whose matches are looked for
	slots   [2]slot
}

// slot is the memory of some segments, and who waits for them. There are two:
// the matches of the next segments are looked for while those of the last are
// used.
type slot struct {
	text   []byte
	sinks  []sink
	places []place
	busy   *sync.WaitGroup
}

// resize returns n values, in the memory of s if there is some: it is for most.
func resize[T any](s []T, n, most int) []T {
	if s == nil {
		s = hugepage.Make[T](most)
	}
	return s[:n]
}

// margin is what a segment does not use of the dictionary before it: so much
// may be read before the first place that has matches.
const margin = 2 * replay

// group is how many places are sorted in one task.
const group = 1 << 17

func newEncoder(p Part, preset Preset, workers int) *encoder {
	ends := split(p, preset.segment)
	most := min(p.Len(), preset.dict+max(windowMost, 4*preset.segment))
	return &encoder{
		part: p, starts: p.starts(), preset: preset,
		ends: ends, results: make([][]byte, len(ends)),
		queue: newQueue(workers), most: most,
	}
}

// windowMost is how many bytes are looked at together, at most, unless a segment
// has more.
const windowMost = 8 << 20

// run encodes the segments, some at a time.
func (e *encoder) run() []byte {
	for first, turn := 0, 0; first < len(e.ends); turn++ {
		last, start := first, e.start(first)
		for last+1 < len(e.ends) && e.ends[last+1]-start <= windowMost {
			last++
		}
		s := &e.slots[turn%len(e.slots)]
		s.wait()
		s.busy = e.segments(s, first, last)
		first = last + 1
	}
	for i := range e.slots {
		e.slots[i].wait()
	}
	e.queue.close()
	return append(slices.Concat(e.results...), controlEnd)
}

func (s *slot) wait() {
	if s.busy != nil {
		s.busy.Wait()
	}
}

// start returns where a segment begins.
func (e *encoder) start(i int) int {
	if i == 0 {
		return 0
	}
	return e.ends[i-1]
}

// segments finds the matches of the segments from first to last, and begins to
// encode them.
func (e *encoder) segments(s *slot, first, last int) *sync.WaitGroup {
	start, end := e.start(first), e.ends[last]
	base := max(0, start-e.preset.dict)
	s.text = resize(s.text, end-base+slack, e.most+slack)
	text := s.text
	clear(text[e.part.copyAt(text, e.starts, base):])

	var begin func(k *worker, at, end int) parser
	if e.preset.lazy {
		c := newChains(text, e.preset.dict, resize(s.places, end-base, e.most))
		s.places = c.places
		begin = func(k *worker, at, end int) parser { k.lazy.begin(c, at, end); return &k.lazy }
	} else {
		w := e.window(s, base, start, end)
		begin = func(k *worker, at, end int) parser { k.optimal.begin(w, at, end); return &k.optimal }
	}
	return e.queue.each(last-first+1, func(k *worker, i int) {
		i += first
		at, end := e.start(i)-base, e.ends[i]-base
		e.results[i] = slices.Clone(encodeSegment(k.out[:0], &k.coder, begin(k, at, end), text, at, end, i == 0))
	})
}

// window finds the matches from start to end; base is where the text begins.
func (e *encoder) window(s *slot, base, start, end int) *window {
	if s.sinks == nil {
		s.sinks = make([]sink, e.queue.workers)
	}
	w := newWindow(base, s.text, max(0, start-base-replay), end-base, e.preset.dict-margin, s.sinks)
	each := func(n int, do func(*worker, int)) { e.queue.each(n, do).Wait() }
	each(len(w.counts), func(_ *worker, i int) { w.count(i) })
	w.sum(resize(e.order, 0, e.most))
	each(len(w.counts), func(_ *worker, i int) { w.place(i) })
	groups := w.groups(group)
	each(len(groups), func(k *worker, i int) {
		from := 0
		if i > 0 {
			from = groups[i-1]
		}
		w.refine(&k.refiner, k.number, from, groups[i])
	})
	e.order, w.order = w.order, nil
	return w
}
