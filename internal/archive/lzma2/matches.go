// SPDX-License-Identifier: Apache-2.0

package lzma2

import "bytes"

// A match is text that was there before.
type match struct {
	end  uint32 // of the match, in the window
	dist uint32 // less one, as LZMA counts
	open bool   // it may be longer: nobody looked
}

// len returns the match's length at pos, up to limit.
func (m match) len(pos, limit int) int { return min(int(m.end)-pos, limit) }

// maxList is how many matches a place can have, at most.
const maxList = 2 * maxMatch

// matches reads what the refiner found, place after place: it adds the matches
// that began earlier and go on.
type matches struct {
	window *window
	end    int // of the segment
	next   int // the place that is read next
	block  []found
	starts []uint32
	loaded int            // block
	list   [maxList]match // the nearest first, each longer than those before it
	first  int
	n      int
}

// reset makes the matches ready for a segment. The first places are read for
// what they have that goes on.
func (m *matches) reset(w *window, at, end int) {
	m.window, m.end, m.next, m.loaded = w, end, max(0, at-replay), -1
	m.first, m.n = 0, 0
	m.carry(at)
}

// replay is how many bytes before a segment its matches may begin: the refiner
// finds those. Of longer ones, carry finds one.
const replay = 4096

const (
	carried      = 64 // bytes of a match that carry looks for
	carriedTries = 8
)

// carry adds the longest match at the first place of a segment: a long repeat
// may have begun far before it.
func (m *matches) carry(at int) {
	w := m.window
	if m.end-at < carried {
		return
	}
	start, from := w.text[at:at+carried], max(0, at-int(w.reach))
	var best match
	for end, tries := at+carried-1, 0; tries < carriedTries; tries++ {
		i := bytes.LastIndex(w.text[from:end], start)
		if i < 0 {
			break
		}
		i += from
		if n := common(w.text, at, i, carried, m.end-at); at+n > int(best.end) {
			best = match{uint32(at + n), uint32(at - i - 1), false}
		}
		end = i + carried - 1
	}
	if best.end > 0 {
		m.add(best)
	}
}

// at returns the matches at pos, which is not before that of an earlier call.
func (m *matches) at(pos int) []match {
	for ; m.next <= pos; m.next++ {
		m.step(m.next)
	}
	return m.list[m.first:m.n]
}

func (m *matches) step(pos int) {
	if b := pos >> blockBits; b != m.loaded {
		m.block, m.starts = m.window.sorted(b, m.block, m.starts)
		m.loaded = b
	}
	in := pos & (blockSize - 1)
	for _, f := range m.block[m.starts[in]:m.starts[in+1]] {
		m.add(match{uint32(min(pos+f.len(), m.end)), f.dist() - 1, f.len() == m.window.depth})
	}
	// Those that end here.
	for m.first < m.n && int(m.list[m.first].end) < pos+minMatch {
		m.first++
	}
	if m.first == m.n {
		m.first, m.n = 0, 0
		return
	}
	// Only the longest may be longer than was looked.
	if last := &m.list[m.n-1]; last.open && int(last.end)-pos < maxMatch {
		text, limit := m.window.text, min(pos+maxMatch, m.end)
		for int(last.end) < limit && text[last.end] == text[last.end-last.dist-1] {
			last.end++
		}
		last.open = int(last.end) == limit
	}
}

// add puts a match among the others, if it is of use.
func (m *matches) add(f match) {
	if m.n == maxList {
		copy(m.list[:], m.list[m.first:m.n])
		m.first, m.n = 0, m.n-m.first
		if m.n == maxList {
			return
		}
	}
	// i is where it comes.
	i := m.first
	for i < m.n && m.list[i].dist < f.dist {
		i++
	}
	if i > m.first && m.list[i-1].end >= f.end {
		return
	}
	j := i
	for j < m.n && m.list[j].end <= f.end {
		j++
	}
	switch {
	case j > i:
		m.list[i] = f
		copy(m.list[i+1:], m.list[j:m.n])
		m.n -= j - i - 1
	default:
		copy(m.list[i+1:m.n+1], m.list[i:m.n])
		m.list[i] = f
		m.n++
	}
}
