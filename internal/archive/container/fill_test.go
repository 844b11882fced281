// SPDX-License-Identifier: Apache-2.0

package container

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"testing"

	upstream "github.com/ulikunitz/xz"
)

// wantTar is what an archive of capacity bytes has to begin with, decoded.
func wantTar(t testing.TB, a *Archive, capacity int64) []byte {
	t.Helper()
	b := *a
	b.Marker.Version, b.Marker.Capacity, b.Marker.Used = Version, capacity, a.MinSize()
	p, err := io.ReadAll(b.Tar())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// checkDecoded reports whether the library decodes p to want and more zeros.
func checkDecoded(p, want []byte) error {
	r, err := upstream.NewReader(bytes.NewReader(p))
	if err != nil {
		return err
	}
	got, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	rest, ok := bytes.CutPrefix(got, want)
	if !ok || len(rest)%512 != 0 || len(bytes.Trim(rest, "\x00")) > 0 {
		return fmt.Errorf("%d bytes decoded are not the %d wanted and zeros", len(got), len(want))
	}
	return nil
}

func TestEveryCapacity(t *testing.T) {
	for name, a := range archives(t) {
		t.Run(name, func(t *testing.T) {
			smallest := a.MinSize()
			if smallest%4 != 0 {
				t.Fatalf("MinSize: got %d, want a multiple of 4", smallest)
			}
			for capacity := smallest; capacity < smallest+1600*4; capacity += 4 {
				p, err := a.Bytes(capacity)
				if err != nil || int64(len(p)) != capacity {
					t.Fatalf("Bytes(%d): got %d bytes, %v", capacity, len(p), err)
				}
				b, err := Parse(p)
				if err != nil {
					t.Fatalf("Parse of %d bytes: %v", capacity, err)
				}
				want := a.Marker
				want.Version, want.Capacity, want.Used = Version, capacity, smallest
				if b.Marker != want || len(b.Content) != len(a.Content) {
					t.Fatalf("Parse of %d bytes: got %+v, want %+v", capacity, b.Marker, want)
				}
				// Decoding all of them would take a minute; the steps are
				// coprime to what the fill repeats after.
				if capacity%(4*37) == 0 {
					if err := checkDecoded(p, wantTar(t, a, capacity)); err != nil {
						t.Fatalf("capacity %d: %v", capacity, err)
					}
				}
			}
		})
	}
}

// Sizes in the index take a byte more from 16 KiB, from 2 MiB and from 256 MiB
// on, and a chunk is added every 64 KiB: there the fill could miss a size.
func TestFillWhereSizesGrow(t *testing.T) {
	for name, a := range archives(t) {
		blocks := a.blocks(Marker{})
		smallest := a.MinSize()
		for _, middle := range []int64{16 << 10, 64 << 10, 128 << 10, 1 << 20, 2 << 20, 4 << 20, 6 << 20, 64 << 20, MaxCapacity - 8000} {
			for capacity := smallest + middle - 4000; capacity < smallest+middle+4000; capacity += 4 {
				f, err := planFill(blocks, capacity)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if got := f.stream(blocks); got != capacity {
					t.Fatalf("%s: planFill(%d): got a stream of %d bytes", name, capacity, got)
				}
			}
		}
	}
}

// A large reservation for a small archive is in memory once.
func TestBytesMemory(t *testing.T) {
	const capacity = 64 << 20
	a := archive(t, 3)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	p, err := a.Bytes(capacity)
	runtime.ReadMemStats(&after)
	if err != nil || len(p) != capacity {
		t.Fatalf("got %d bytes, %v, want %d", len(p), err, capacity)
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > capacity+1<<20 {
		t.Errorf("got %d bytes allocated, want the archive's and 1 MiB", n)
	}
}
