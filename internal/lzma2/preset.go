// SPDX-License-Identifier: Apache-2.0

package lzma2

import (
	"errors"
	"fmt"
	"runtime"

	"github.com/rules-kheaders/rules_kheaders/internal/xz"
)

// Encoder compresses. The same input gives the same output, on any machine and
// whatever runs beside it.
type Encoder interface {
	// Encode compresses a part to a block, with workers goroutines; 0 is one
	// for each core. The result does not depend on workers.
	Encode(p Part, workers int) (xz.Block, error)
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
	lazy    bool // the parser is lazy, not optimal
}

// The presets, from the one that suits most.
var (
	Default  = Preset{name: "default", dict: 8 << 20, segment: 512 << 10}
	Smallest = Preset{name: "smallest", dict: 32 << 20, segment: 1 << 20}
	Fast     = Preset{name: "fast", dict: 4 << 20, segment: 512 << 10, lazy: true}
)

// ParsePreset returns the preset of a name.
func ParsePreset(name string) (Encoder, error) {
	for _, p := range []Preset{Default, Smallest, Fast} {
		if p.name == name {
			return p, nil
		}
	}
	return nil, fmt.Errorf("preset is %q: expected default, smallest or fast", name)
}

// Name returns the preset's name.
func (p Preset) Name() string { return p.name }

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
	data := newEncoder(part, p, planFor(workers), q).run()
	return xz.Block{
		LZMA2:        xz.Bytes(data),
		Uncompressed: int64(size),
		CRC32:        <-check,
		// A reader with little memory need not allocate more than there is.
		DictProp: min(xz.DictProp(int64(p.dict)), xz.DictProp(int64(size))),
	}, nil
}
