// SPDX-License-Identifier: Apache-2.0

package lzma2

import (
	"errors"
	"fmt"
	"runtime"
	"unsafe"

	"github.com/rules-kheaders/rules_kheaders/internal/archive/xz"
)

// Encoder compresses. The same input gives the same output, on any machine and
// whatever runs beside it.
type Encoder interface {
	// Encode compresses a part to a block, with workers goroutines; 0 is one
	// for each core. The result does not depend on workers.
	Encode(p Part, workers int) (xz.Block, error)
	// Memory returns about how many bytes of memory that takes for a part of size
	// bytes, which is counted too.
	Memory(size int64, workers int) int64
	// Name says how it compresses.
	Name() string
}

// Preset is an Encoder: how much work is put into an archive.
type Preset struct {
	name string
	// dict is the dictionary in bytes: how far back matches reach, what a
	// reader has to allocate, and how much of an archive an edit changes.
	dict int
	// segment is the size in bytes of the shortest segments, a power of 2. A
	// segment costs some 0.02 % of an archive of headers, because its
	// probabilities start from nothing. Fewer of them keep fewer cores at work,
	// and larger ones change more with an edit.
	segment int
	// window is how many bytes are looked at together, at most, unless a segment
	// has more: each costs the dictionary before it as well, and memory for all
	// its places.
	window int
	lazy   bool // the parser is lazy, not optimal
	store  Store
}

// The presets, from the one that suits most.
var (
	// A window of Default holds what an edit changes: a dictionary's length and a
	// segment.
	Default  = Preset{name: "default", dict: 8 << 20, segment: 512 << 10, window: 10 << 20}
	Smallest = Preset{name: "smallest", dict: 32 << 20, segment: 2 << 20, window: 6 << 20}
	Fast     = Preset{name: "fast", dict: 4 << 20, segment: 512 << 10, window: 8 << 20, lazy: true}
)

// ParsePreset returns the preset of a name.
func ParsePreset(name string) (Preset, error) {
	for _, p := range []Preset{Default, Smallest, Fast} {
		if p.name == name {
			return p, nil
		}
	}
	return Preset{}, fmt.Errorf("preset is %q: expected default, smallest or fast", name)
}

// Name returns the preset's name.
func (p Preset) Name() string { return p.name }

// Dictionary returns the bytes of the preset's dictionary.
func (p Preset) Dictionary() int { return p.dict }

// Memory returns about what Encode needs. Of places that are looked at, there is one
// for each byte.
func (p Preset) Memory(size int64, workers int) int64 {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	const (
		base     = 24 << 20 // the program, and what compressed segments take
		ofWorker = 2 << 20
		ofOrder  = 4
	)
	// Of a place of a window: what matches it has, the more the longer the dictionary.
	ofPlace := int64(4 + p.dict>>21)
	plan := p.plan(workers)
	windows := max(1, (size+int64(p.window)-1)/int64(p.window))
	window := size / windows
	text := min(size, int64(p.dict)+window)
	slots, orders := min(int64(plan.slots), windows), min(int64(plan.orders), windows)
	need := base + size + int64(workers)*ofWorker
	if p.lazy {
		slice := int64(unsafe.Sizeof(chainSlice{}))
		need += slots * (text + text*int64(unsafe.Sizeof(place{})) + (text/chainSize+1)*slice)
	} else {
		need += slots*(text+window*ofPlace) + orders*text*ofOrder
	}
	return need + need/10 // garbage
}

// Encode compresses a part.
func (p Preset) Encode(part Part, workers int) (xz.Block, error) {
	size := part.Len()
	if size == 0 {
		return xz.Block{}, errors.New("compress nothing: expected a member or more")
	}
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	check := make(chan uint32, 1)
	go func() { check <- part.crc32() }()
	q := newQueue(workers, nil)
	defer q.close()
	data := newEncoder(part, p, p.plan(workers), q).run()
	return xz.Block{
		LZMA2:        xz.Bytes(data),
		Uncompressed: int64(size),
		CRC32:        <-check,
		// A reader with little memory need not allocate more than there is.
		DictProp: min(xz.DictProp(int64(p.dict)), xz.DictProp(int64(size))),
	}, nil
}
