// SPDX-License-Identifier: Apache-2.0

package lzma2

import (
	"slices"
	"sync"
)

// encoder is one call of Encode.
type encoder struct {
	part    Part
	starts  []int // of its pieces
	preset  Preset
	ends    []int    // of the segments
	results [][]byte // of the segments
	queue   *queue
}

// margin is what a segment does not use of the dictionary before it: so much
// may be read before the first place that has matches.
const margin = 2 * replay

// group is how many places are sorted in one task.
const group = 1 << 17

func newEncoder(p Part, preset Preset, workers int) *encoder {
	ends := split(p)
	return &encoder{
		part: p, starts: p.starts(), preset: preset,
		ends: ends, results: make([][]byte, len(ends)),
		queue: newQueue(workers),
	}
}

// run encodes the segments, some at a time: as many as the dictionary is long.
// The matches of the next ones are looked for while those of the last are used.
func (e *encoder) run() []byte {
	most := max(e.preset.dict, 8<<20)
	if e.preset.dict > 8<<20 {
		most = 16 << 20
	}
	var busy []*sync.WaitGroup
	for first := 0; first < len(e.ends); {
		last, start := first, e.start(first)
		for last+1 < len(e.ends) && e.ends[last+1]-start <= most {
			last++
		}
		if len(busy) == 2 {
			busy[0].Wait()
			busy = busy[1:]
		}
		busy = append(busy, e.segments(first, last))
		first = last + 1
	}
	for _, b := range busy {
		b.Wait()
	}
	e.queue.close()
	return append(slices.Concat(e.results...), controlEnd)
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
func (e *encoder) segments(first, last int) *sync.WaitGroup {
	start, end := e.start(first), e.ends[last]
	base := max(0, start-e.preset.dict)
	text := make([]byte, end-base+slack)
	e.part.copyAt(text, e.starts, base)
	w := newWindow(base, text, max(0, start-base-replay), end-base, e.preset.dict-margin, e.queue.workers)

	each := func(n int, do func(*worker, int)) { e.queue.each(n, do).Wait() }
	each(len(w.counts), func(_ *worker, i int) { w.count(i) })
	w.sum()
	each(len(w.counts), func(_ *worker, i int) { w.place(i) })
	groups := w.groups(group)
	each(len(groups), func(k *worker, i int) {
		from := 0
		if i > 0 {
			from = groups[i-1]
		}
		w.refine(&k.refiner, k.number, from, groups[i])
	})
	w.order = nil
	return e.queue.each(last-first+1, func(k *worker, i int) {
		i += first
		k.parser.begin(w, e.start(i)-base, e.ends[i]-base, e.preset.nice)
		e.results[i] = slices.Clone(encodeSegment(k.out[:0], &k.coder, &k.parser, e.start(i)-base, i == 0))
	})
}
