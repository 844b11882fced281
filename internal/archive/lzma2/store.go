// SPDX-License-Identifier: Apache-2.0

package lzma2

import (
	"crypto/sha256"
	"fmt"
)

// Store keeps segments that were compressed before.
type Store interface {
	// Get returns the segment of a key, nil if it is not there.
	Get(key [sha256.Size]byte) []byte
	// Put keeps a segment.
	Put(key [sha256.Size]byte, segment []byte)
}

// With returns the preset with a store, which must be of this version of the
// encoder. What is compressed does not depend on it: after an edit, the segments
// that do not depend on it are not made again.
func (p Preset) With(s Store) Preset {
	p.store = s
	return p
}

// load takes the segments that the store has, and makes the keys of all.
func (e *encoder) load() {
	if e.preset.store == nil {
		return
	}
	digests := make([][sha256.Size]byte, len(e.ends))
	e.keys = make([][sha256.Size]byte, len(e.ends))
	e.queue.each(0, "digest", len(e.ends), func(_ *worker, i int) {
		text := make([]byte, e.ends[i]-e.start(i))
		e.part.copyAt(text, e.starts, e.start(i))
		digests[i] = sha256.Sum256(text)
	})
	e.queue.each(0, "load", len(e.ends), func(_ *worker, i int) {
		e.keys[i] = e.key(i, digests)
		e.results[i] = e.preset.store.Get(e.keys[i])
	})
}

// key is a digest of all that a segment's bytes depend on: the preset, the
// dictionary before it, its text, and what of the text after it is looked at. Of
// the segments that the dictionary has a part of, all is in it.
func (e *encoder) key(i int, digests [][sha256.Size]byte) (key [sha256.Size]byte) {
	h := sha256.New()
	fmt.Fprintln(h, e.preset.dict, e.preset.segment, e.preset.lazy)
	first := i
	for first > 0 && e.start(first) > e.start(i)-e.preset.dict {
		first--
	}
	for j := first; j <= i; j++ {
		fmt.Fprintf(h, "%d %x\n", e.ends[j]-e.start(j), digests[j])
	}
	after := make([]byte, slack)
	e.part.copyAt(after, e.starts, e.ends[i])
	h.Write(after)
	h.Sum(key[:0])
	return key
}

// save keeps a segment that was made.
func (e *encoder) save(i int) {
	if e.preset.store != nil {
		e.preset.store.Put(e.keys[i], e.results[i])
	}
}
