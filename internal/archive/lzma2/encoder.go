// SPDX-License-Identifier: Apache-2.0

package lzma2

import (
	"crypto/sha256"
	"slices"
	"sync"

	"github.com/rules-kheaders/rules_kheaders/internal/archive/hugepage"
)

// encoder is one call of Encode.
type encoder struct {
	part    Part
	starts  []int // of its pieces
	preset  Preset
	ends    []int               // of the segments
	results [][]byte            // of the segments
	keys    [][sha256.Size]byte // of the segments, if there is a store
	queue   *queue
	most    int // bytes that a slot's text has, and slack more
	slots   chan *slot
	orders  chan []uint32
}

// slot is the memory of a window: of some segments that are looked at together.
type slot struct {
	text   []byte
	sinks  []sink
	chains chains
}

// plan says how much is done at a time. Nothing that is made depends on it.
type plan struct {
	// slots is how many windows are in memory: with two, the matches of one are
	// looked for while those of another are used.
	slots int
	// orders is in how many of them matches are looked for. It takes memory for
	// all places of their text.
	orders int
}

// plan returns the plan for some workers. With many, the end of a step, when
// few tasks are left, is no time without work.
func (p Preset) plan(workers int) plan {
	slots := 2
	if p.dict > sparing {
		slots = 1
	}
	return plan{slots: slots + workers/8, orders: 1 + workers/8}
}

// sparing is the size of a dictionary, in bytes, above which few workers have one
// window in memory at a time.
const sparing = 16 << 20

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

func newEncoder(p Part, preset Preset, plan plan, q *queue) *encoder {
	e := &encoder{
		part: p, starts: p.starts(), preset: preset, queue: q,
		most:   min(p.Len(), preset.dict+max(preset.window, 2*preset.segment)),
		slots:  make(chan *slot, plan.slots),
		orders: make(chan []uint32, plan.orders),
	}
	for range plan.slots {
		e.slots <- new(slot)
	}
	for range plan.orders {
		e.orders <- nil
	}
	return e
}

// run encodes the segments.
func (e *encoder) run() []byte {
	e.queue.each(0, "split", 1, func(*worker, int) { e.ends = split(e.part, e.preset.segment) })
	e.results = make([][]byte, len(e.ends))
	e.load()
	var windows sync.WaitGroup
	for i, w := range e.windows() {
		s := <-e.slots
		windows.Add(1)
		go func() {
			defer windows.Done()
			e.segments(i+1, s, w.first, w.last)
			e.slots <- s
		}()
	}
	windows.Wait()
	return append(slices.Concat(e.results...), controlEnd)
}

// stretch is segments that are looked at together.
type stretch struct{ first, last int }

// windows divides the segments that are to be made, where they are next to one
// another, into as few windows as can be, of about the same size: each costs the
// dictionary before it as well.
func (e *encoder) windows() (all []stretch) {
	most := e.preset.window
	for i := 0; i < len(e.ends); i++ {
		if e.results[i] != nil {
			continue
		}
		end := i
		for end+1 < len(e.ends) && e.results[end+1] == nil {
			end++
		}
		for i <= end {
			w, start := stretch{i, i}, e.start(i)
			rest := e.ends[end] - start
			share := rest / ((rest + most - 1) / most)
			for w.last < end && e.ends[w.last]-start < share && e.ends[w.last+1]-start <= most {
				w.last++
			}
			all = append(all, w)
			i = w.last + 1
		}
	}
	return all
}

// start returns where a segment begins.
func (e *encoder) start(i int) int {
	if i == 0 {
		return 0
	}
	return e.ends[i-1]
}

// segments encodes the segments from first to last, those of window n.
func (e *encoder) segments(n int, s *slot, first, last int) {
	start, end := e.start(first), e.ends[last]
	base := max(0, start-e.preset.dict)
	s.text = resize(s.text, end-base+slack, e.most+slack)
	text := s.text
	e.queue.each(n, "copy", (len(text)+slice-1)/slice, func(_ *worker, i int) {
		part := text[i*slice : min((i+1)*slice, len(text))]
		clear(part[e.part.copyAt(part, e.starts, base+i*slice):])
	})
	var begin func(k *worker, at, end int) parser
	if e.preset.lazy {
		c := e.chains(n, s, end-base)
		begin = func(k *worker, at, end int) parser { k.lazy.begin(c, at, end); return &k.lazy }
	} else {
		w := e.window(n, s, base, start, end)
		begin = func(k *worker, at, end int) parser { k.optimal.begin(w, at, end); return &k.optimal }
	}
	e.queue.each(n, "encode", last-first+1, func(k *worker, i int) {
		i += first
		at, end := e.start(i)-base, e.ends[i]-base
		k.out = encodeSegment(k.out[:0], &k.coder, begin(k, at, end), text, at, end, i == 0)
		e.results[i] = slices.Clone(k.out)
		e.save(i)
	})
}

// chains makes the chains of the first size places of a slot's text.
func (e *encoder) chains(n int, s *slot, size int) *chains {
	c := &s.chains
	c.reset(s.text, e.preset.dict, resize(c.places, size, e.most))
	e.queue.each(n, "chain", len(c.slices), func(_ *worker, i int) { c.slice(i) })
	e.queue.each(n, "link", links, func(_ *worker, i int) { c.link(i) })
	return c
}

// The steps that first and last use an order.
const (
	ordering = "sum"
	ordered  = "sort"
)

// window finds the matches from start to end; base is where the text begins.
func (e *encoder) window(n int, s *slot, base, start, end int) *window {
	if s.sinks == nil {
		s.sinks = make([]sink, e.queue.workers)
	}
	w := newWindow(s.text, max(0, start-base-replay), end-base, e.preset.dict-margin, s.sinks)
	e.queue.each(n, "count", len(w.counts), func(_ *worker, i int) { w.count(i) })
	order := <-e.orders
	e.queue.each(n, ordering, 1, func(*worker, int) { w.sum(resize(order, 0, e.most)) })
	e.queue.each(n, "place", len(w.counts), func(_ *worker, i int) { w.place(i) })
	groups := w.groups(group)
	e.queue.each(n, ordered, len(groups), func(k *worker, i int) {
		from := 0
		if i > 0 {
			from = groups[i-1]
		}
		w.refine(&k.refiner, k.number, from, groups[i])
	})
	e.orders <- w.order
	w.order = nil
	return w
}
