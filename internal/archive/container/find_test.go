// SPDX-License-Identifier: Apache-2.0

package container

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"reflect"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/internal/archive/ustar"
	"github.com/rules-kheaders/rules_kheaders/internal/archive/xz"
)

// sparse is a file of zeros with something here and there, which counts what
// is read.
type sparse struct {
	size  int64
	parts map[int64][]byte
	read  atomic.Int64
}

func (s *sparse) ReadAt(p []byte, off int64) (int, error) {
	n := min(int64(len(p)), max(0, s.size-off))
	p = p[:n]
	clear(p)
	for at, part := range s.parts {
		if at < off+n && at+int64(len(part)) > off {
			if at >= off {
				copy(p[at-off:], part)
			} else {
				copy(p, part[off-at:])
			}
		}
	}
	s.read.Add(n)
	if off+n == s.size {
		return int(n), io.EOF
	}
	return int(n), nil
}

func placeholder(t testing.TB, capacity int64) []byte {
	t.Helper()
	p, err := Placeholder(capacity)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestFind(t *testing.T) {
	ph := placeholder(t, 4096)
	n := int64(len(ph))
	stamped, err := archive(t, 20).Bytes(12000)
	if err != nil {
		t.Fatal(err)
	}
	damaged := bytes.Clone(ph)
	damaged[n-100] ^= 1
	outer, err := (&Archive{Content: []xz.Block{xz.Stored(tarMember("inner.tar.xz", ph))}}).Bytes(12000)
	if err != nil {
		t.Fatal(err)
	}
	inner := int64(bytes.Index(outer[1:], ph) + 1)

	for _, tc := range []struct {
		name  string
		size  int64
		parts map[int64][]byte
		want  []Region
	}{
		{"nothing", 1 << 20, nil, nil},
		{"empty file", 0, nil, nil},
		{"tiny file", 10, nil, nil},
		{"only the archive", n, map[int64][]byte{0: ph}, []Region{{0, n}}},
		{"at the start", 1 << 20, map[int64][]byte{0: ph}, []Region{{0, n}}},
		{"at the end", 1 << 20, map[int64][]byte{1<<20 - n: ph}, []Region{{1<<20 - n, n}}},
		{"at an odd offset", 1 << 20, map[int64][]byte{259: ph}, []Region{{259, n}}},
		{"two", 1 << 20, map[int64][]byte{1: ph, 700_001: stamped}, []Region{{1, n}, {700_001, 12000}}},
		{"side by side", 1 << 20, map[int64][]byte{7: ph, 7 + n: ph, 7 + 2*n: stamped}, []Region{{7, n}, {7 + n, n}, {7 + 2*n, 12000}}},
		{"cut within the marker", 1 << 20, map[int64][]byte{1<<20 - 600: ph}, nil},
		{"damaged, then whole", 1 << 20, map[int64][]byte{100: damaged, 100 + n: ph}, []Region{{100 + n, n}}},
		{"beginning, then whole", 1 << 20, map[int64][]byte{100: ph[:1500], 1600: ph}, []Region{{1600, n}}},
		{"one in another", 1 << 20, map[int64][]byte{100: outer}, []Region{{100, 12000}}},
		{"one in a cut one", 1 << 20, map[int64][]byte{100: outer[:11000]}, []Region{{100 + inner, n}}},
		{"text of a marker", 1 << 20, map[int64][]byte{100: ph[markerStart+512 : markerStart+800]}, nil},
		{"beginning of an archive", 1 << 20, map[int64][]byte{100: markerPrefix(), 131: tarMember(MemberName, make([]byte, 158))[:ustar.BlockSize]}, nil},
	} {
		got, err := Find(&sparse{size: tc.size, parts: tc.parts}, tc.size)
		if err != nil || !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%s: got %v, %v, want %v", tc.name, got, err, tc.want)
		}
	}
}

// Where there is no whole archive, the damaged one is named.
func TestFindDamaged(t *testing.T) {
	const n, size = 4096, 1 << 20
	ph := placeholder(t, n)
	flipped := bytes.Clone(ph)
	flipped[n-1] ^= 1
	for _, tc := range []struct {
		name string
		at   int64
		p    []byte
		want string
	}{
		{"cut", size - n + 1, ph, "the one at offset 1044481 is damaged: it has 4096 bytes, and the file ends after 4095"},
		{"flipped", 100, flipped, `the one at offset 100 is damaged: parse archive: parse xz stream: stream does not end with "YZ"`},
	} {
		got, err := Find(&sparse{size: size, parts: map[int64][]byte{tc.at: tc.p}}, size)
		if got != nil || err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, %v, want %q", tc.name, got, err, tc.want)
		}
	}
}

// Find reads in pieces: an archive may lie across the seam in every way.
func TestFindAcrossPieces(t *testing.T) {
	ph := placeholder(t, 4096)
	for _, seam := range []int64{scanSize, scanRound} {
		size := seam + scanSize
		for at := seam - 100; at < seam+4; at++ {
			want := []Region{{at, 4096}}
			got, err := Find(&sparse{size: size, parts: map[int64][]byte{at: ph}}, size)
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("at %d: got %v, %v, want %v", at, got, err, want)
			}
		}
	}
}

// A program that holds every constant of the format is not a carrier.
func TestFindInThisProgram(t *testing.T) {
	name, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(p, []byte(Magic)) || !bytes.Contains(p, []byte(MemberName)) {
		t.Fatalf("%s does not hold the constants: the test shows nothing", name)
	}
	if got, err := Find(bytes.NewReader(p), int64(len(p))); len(got) > 0 || err != nil {
		t.Errorf("got %v, %v, want nothing", got, err)
	}
}

func TestFindMemory(t *testing.T) {
	const size = 600 << 20
	f := &sparse{size: size, parts: map[int64][]byte{size / 2: placeholder(t, 1<<20)}}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got, err := Find(f, size)
	runtime.ReadMemStats(&after)
	if want := []Region{{size / 2, 1 << 20}}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > 3<<20 {
		t.Errorf("got %d bytes allocated, want at most the piece and the region, 3 MiB", n)
	}
}

// A marker that promises a large archive costs no more than a look at where
// that would end.
func TestFindCheapChecksFirst(t *testing.T) {
	const size = 80 << 20
	large := placeholder(t, 64<<20)
	f := &sparse{size: size, parts: map[int64][]byte{}}
	for i := range int64(100) {
		f.parts[i*4096] = large[:2048]
	}
	got, err := Find(f, size)
	if len(got) > 0 || err == nil {
		t.Errorf("got %v, %v, want that it is damaged", got, err)
	}
	if limit := int64(size + 200*4096); f.read.Load() > limit {
		t.Errorf("got %d bytes read, want at most %d", f.read.Load(), limit)
	}
}

type broken struct{ at int64 }

func (b broken) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > b.at {
		return 0, errors.New("input/output error")
	}
	return len(p), nil
}

func TestFindErrors(t *testing.T) {
	for _, tc := range []struct {
		name string
		r    io.ReaderAt
		want string
	}{
		{"broken", broken{2 * scanSize}, "input/output error"},
		{"shorter than it was", bytes.NewReader(make([]byte, 3*scanSize/2)), "unexpected EOF"},
	} {
		if got, err := Find(tc.r, 10*scanSize); err == nil || !strings.HasPrefix(err.Error(), "find archive: read ") || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, %v, want %q", tc.name, got, err, tc.want)
		}
	}
}

func BenchmarkFind(b *testing.B) {
	p := make([]byte, 64<<20)
	random := rand.NewChaCha8([32]byte{})
	random.Read(p)
	b.SetBytes(int64(len(p)))
	for b.Loop() {
		if got, err := Find(bytes.NewReader(p), int64(len(p))); len(got) > 0 || err != nil {
			b.Fatal(got, err)
		}
	}
}
