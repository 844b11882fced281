// SPDX-License-Identifier: Apache-2.0

package lzma2

import (
	"bytes"
	"flag"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/ulikunitz/xz/lzma"

	"github.com/rules-kheaders/rules_kheaders/internal/archive/xz"
)

var (
	roundTrips = flag.Int("roundtrips", 1000, "compress and decode `N` small inputs")
	seed       = flag.Uint64("roundtrips-seed", 1, "make the inputs of this `NUMBER`")
)

// batch is how many inputs are decoded together: each begins with a reset of the
// dictionary. A decoder takes longer to begin than to decode one.
const batch = 200

// TestRoundTrips compresses many small inputs by every kind of parser, in the same
// memory, and decodes them by our decoder and by that of ulikunitz/xz. The command
// .ci/roundtrips has it do a million.
func TestRoundTrips(t *testing.T) {
	batches := int64((*roundTrips + batch - 1) / batch)
	var next, done, size atomic.Int64
	var group sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		group.Add(1)
		go func() {
			defer group.Done()
			var trips []*tripper
			for _, p := range []Preset{
				{name: "optimal", dict: 16 << 10, segment: 4 << 10, window: 20 << 10},
				{name: "lazy", dict: 16 << 10, segment: 4 << 10, window: 20 << 10, lazy: true},
			} {
				trips = append(trips, newTripper(p))
			}
			for b := next.Add(1) - 1; b < batches && !t.Failed(); b = next.Add(1) - 1 {
				n, err := trips[b%int64(len(trips))].batch(*seed, uint64(b))
				if err != "" {
					t.Errorf("batch %d of seed %d: %s", b, *seed, err)
				}
				done.Add(batch)
				size.Add(n)
			}
			for _, p := range trips {
				p.queue.close()
			}
		}()
	}
	group.Wait()
	t.Logf("%d round trips through two decoders, %d MiB of input, seed %d", done.Load(), size.Load()>>20, *seed)
}

// tripper compresses one input after the other in the same memory.
type tripper struct {
	preset Preset
	queue  *queue
	slots  chan *slot
	orders chan []uint32
}

// largest is the size of the largest input in bytes.
const largest = 48 << 10

func newTripper(p Preset) *tripper {
	e := newEncoder(nil, p, p.plan(1), nil)
	return &tripper{p, newQueue(1, nil), e.slots, e.orders}
}

func (p *tripper) batch(seed, number uint64) (size int64, err string) {
	r := rand.New(rand.NewPCG(seed, number))
	var data, want []byte
	for range batch {
		in := arbitrary(r)
		e := newEncoder(Part{in}, p.preset, p.preset.plan(1), p.queue)
		e.slots, e.orders, e.most = p.slots, p.orders, largest
		out := e.run()
		data, want = append(data, out[:len(out)-1]...), append(want, in...)
	}
	data = append(data, controlEnd)
	size = int64(len(want))
	block := xz.Block{LZMA2: xz.Bytes(data), Uncompressed: size, CRC32: crc32.ChecksumIEEE(want), DictProp: xz.DictProp(int64(p.preset.dict))}
	if got, e := io.ReadAll(block.Open()); e != nil || !bytes.Equal(got, want) {
		return size, p.preset.name + ": our decoder differs"
	}
	reader, e := lzma.Reader2Config{DictCap: p.preset.dict}.NewReader2(bytes.NewReader(data))
	if e != nil {
		return size, e.Error()
	}
	if got, e := io.ReadAll(reader); e != nil || !bytes.Equal(got, want) {
		return size, p.preset.name + ": ulikunitz's decoder differs"
	}
	return size, ""
}

// arbitrary returns a small input: literals of a few or all bytes, runs, text, and
// copies of what came before, of the lengths and distances at which codes change.
func arbitrary(r *rand.Rand) (p []byte) {
	n := 1 + r.IntN(800)
	if r.IntN(50) == 0 {
		n = 1 + r.IntN(largest)
	}
	letters := []int{1, 2, 3, 16, 256}[r.IntN(5)]
	text := headerText[r.IntN(len(headerText)-largest):]
	lengths := []int{1, 2, 3, 4, 5, 7, 8, 9, 10, 17, 18, 19, 64, 271, 272, 273, 274, 275, 546, 547}
	distances := []int{1, 2, 3, 4, 5, 7, 8, 96, 97, 127, 128, 129, 512, 513, 4095, 4096, 4097, 8191, 8192, 8193, 16383, 16384, 16385}
	for len(p) < n {
		length := lengths[r.IntN(len(lengths))]
		if r.IntN(2) == 0 {
			length = 1 + r.IntN(300)
		}
		switch kind := r.IntN(4); {
		case kind == 0:
			for range length % 20 {
				p = append(p, byte(r.IntN(letters)))
			}
		case kind == 1:
			p = append(p, text[:length]...)
			text = text[r.IntN(length+1):]
			if len(text) < 1000 {
				text = headerText
			}
		case len(p) > 0:
			distance := distances[r.IntN(len(distances))]
			if kind == 3 {
				distance = 1 + r.IntN(len(p))
			}
			distance = min(distance, len(p))
			for range length {
				p = append(p, p[len(p)-distance])
			}
		}
	}
	return p[:n]
}

var headerText = header(200_000)
