// SPDX-License-Identifier: Apache-2.0

package lzma2

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/internal/archive/xz"
	"github.com/rules-kheaders/rules_kheaders/internal/archive/xz/xztest"
)

var presets = []Preset{Default, Smallest, Fast}

// header returns n bytes that look like a header file. It uses no library, so
// that nothing but the encoder can change the digests below.
func header(n int) []byte {
	var p []byte
	for x := uint32(1); len(p) < n; x = x*1664525 + 1013904223 {
		p = fmt.Appendf(p, "#define REG_%04X\t0x%02x\n#ifdef CONFIG_%c%c\nextern int f%d(void);\n#endif\n",
			x>>16, x>>24, 'A'+x>>8%26, 'A'+x>>13%26, x>>22)
	}
	return p[:n]
}

// random returns n bytes that do not compress.
func random(n int) []byte {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(r.Uint32())
	}
	return p
}

// inputs are what makes encoders stumble.
func inputs() map[string][]byte {
	long, noise := header(300_000), random(200_000)
	return map[string][]byte{
		"a byte":                 {0},
		"two bytes":              {1, 1},
		"text":                   header(511),
		"long text":              long,
		"zeros":                  make([]byte, 300_000),
		"zeros and a byte":       append(make([]byte, 273), 1),
		"pattern":                bytes.Repeat([]byte("abcabd"), 50_000),
		"noise":                  noise,
		"noise, twice":           bytes.Repeat(noise, 2),
		"noise in text":          slices.Concat(long, noise, long),
		"runs":                   bytes.Join(slices.Repeat([][]byte{make([]byte, 500)}, 300), []byte("include/linux/a.h")),
		"all bytes":              bytes.Repeat(append(bytes.Repeat([]byte{0xff}, 300), header(700)...), 30),
		"runs of growing length": growing(600),
	}
}

func growing(n int) (p []byte) {
	for i := range n {
		p = append(append(p, bytes.Repeat([]byte{' '}, i)...), byte('a'+i%26))
	}
	return p
}

// tiny is Default with a dictionary so small that the test has text beyond it.
var tiny = Preset{name: "tiny", dict: 16 << 10, segment: 512 << 10, window: 8 << 20}

func encode(t testing.TB, p Preset, in []byte, workers int) xz.Block {
	t.Helper()
	b, err := p.Encode(Part{in}, workers)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A change of the encoder changes every archive: this test is where that is
// seen. If it is wanted, put the new digests here.
func TestGolden(t *testing.T) {
	const wantInput = "57d0dab96834a2924cec0e69b7ac4a2e84ee7807008a7064204d2a2dd15e5318"
	p := header(200_000)
	if got := fmt.Sprintf("%x", sha256.Sum256(p)); got != wantInput {
		t.Fatalf("input: got sha256 %s, want %s", got, wantInput)
	}
	for preset, want := range map[Preset]string{
		Default:  "21368 bytes cf706f28e7b6d56c0605bcabf2043ce3175b61dac1e4b35e2fa5f91212c59c00",
		Smallest: "21368 bytes cf706f28e7b6d56c0605bcabf2043ce3175b61dac1e4b35e2fa5f91212c59c00",
		Fast:     "27043 bytes 05d1d73cc6d8bd1f094a70500a2c37aa609b6b345033c85caea97f8562f3efbf",
	} {
		out := encode(t, preset, p, 2).LZMA2.(xz.Bytes)
		if got := fmt.Sprintf("%d bytes %x", len(out), sha256.Sum256(out)); got != want {
			t.Errorf("%s: got %s, want %s", preset.Name(), got, want)
		}
	}
}

// TestRoundTrip has everything decoded by two others' decoders, here and in
// TestAccepted by two more.
func TestRoundTrip(t *testing.T) {
	for _, preset := range append(presets, tiny) {
		for name, in := range inputs() {
			b := encode(t, preset, in, 2)
			got, err := io.ReadAll(b.Open())
			if err != nil || !bytes.Equal(got, in) {
				t.Errorf("%s, %s: got %d bytes, %v, want the %d that were compressed", preset.name, name, len(got), err, len(in))
			}
			if most := xz.StoredSize(int64(len(in))) + 64; b.LZMA2.Size() > most {
				t.Errorf("%s, %s: %d bytes became %d, want %d at most", preset.name, name, len(in), b.LZMA2.Size(), most)
			}
		}
	}
}

func TestAccepted(t *testing.T) {
	var files [][]byte
	var want strings.Builder
	for _, preset := range append(presets, tiny) {
		for _, in := range inputs() {
			files = append(files, xz.AppendStream(nil, []xz.Block{encode(t, preset, in, 2)}))
			fmt.Fprintf(&want, "%x\n", sha256.Sum256(in))
		}
	}
	if got := string(xztest.Accepted(t, xztest.Files(t, files...)...)); got != want.String() {
		t.Errorf("got other content than was compressed")
	}
}

// TestWorkers compresses several segments with more and fewer workers, and in
// other pieces.
func TestWorkers(t *testing.T) {
	in := slices.Concat(header(1_200_000), random(600_000), header(900_000))
	want := encode(t, Fast, in, 1)
	for _, workers := range []int{0, 5} {
		if got := encode(t, Fast, in, workers); !bytes.Equal(got.LZMA2.(xz.Bytes), want.LZMA2.(xz.Bytes)) {
			t.Errorf("%d workers: got %d other bytes than by one", workers, got.LZMA2.Size())
		}
	}
	pieces := Part{in[:1], nil, in[1:4096], in[4096:1_000_000], in[1_000_000:]}
	got, err := Fast.Encode(pieces, 2)
	if err != nil || !bytes.Equal(got.LZMA2.(xz.Bytes), want.LZMA2.(xz.Bytes)) || got.CRC32 != want.CRC32 {
		t.Errorf("in pieces: got %d other bytes, %v", got.LZMA2.Size(), err)
	}
	if _, err := Default.Encode(Part{nil}, 1); err == nil || !strings.Contains(err.Error(), "expected a member or more") {
		t.Errorf("nothing: got %v", err)
	}
}

// refined finds the matches of a text.
func refined(text []byte, reach int) (*window, *refiner) {
	w, r := newWindow(append(bytes.Clone(text), make([]byte, slack)...), 0, len(text), reach, make([]sink, 1)), new(refiner)
	for i := range w.counts {
		w.count(i)
	}
	w.sum(nil)
	for i := range w.counts {
		w.place(i)
	}
	w.refine(r, 0, 0, pairs)
	return w, r
}

// TestWork has texts that have too much in common with themselves: each place is
// sorted a few times, not once for each byte of the longest match.
func TestWork(t *testing.T) {
	const n, most = 1 << 20, 8
	repeat := func(s string) []byte { return bytes.Repeat([]byte(s), n/len(s)) }
	for name, in := range map[string][]byte{
		"zeros":                    make([]byte, n),
		"period 2":                 repeat("ab"),
		"period 3":                 repeat("abc"),
		"period 3, two the same":   repeat("aab"),
		"period 7":                 repeat("abcdefg"),
		"period 16":                repeat("abcdefghijklmnop"),
		"period 100":               repeat(string(header(100))),
		"period 273":               repeat(string(header(maxMatch))),
		"period 2 in text":         slices.Concat(header(n/4), repeat("ab"), header(n/8)),
		"periods 2 and 3":          repeat(strings.Repeat("ab", 10_000) + strings.Repeat("abc", 5000) + "-"),
		"short periods":            short(n),
		"noise":                    random(n / 4),
		"noise, twice":             bytes.Repeat(random(n/8), 2),
		"noise, a dictionary away": bytes.Repeat(random(n/4), 2),
	} {
		_, r := refined(in, n/4)
		if r.work > most*len(in) {
			t.Errorf("%s: each place was sorted %d times, want %d at most", name, r.work/len(in), most)
		}
		b := encode(t, Fast, in, 2)
		if got, err := io.ReadAll(b.Open()); err != nil || !bytes.Equal(got, in) {
			t.Errorf("%s: got %d bytes, %v, want the %d that were compressed", name, len(got), err, len(in))
		}
	}
}

// TestCarry has a repeat that goes on through several segments: each of them
// has the match that began before it.
func TestCarry(t *testing.T) {
	noise := random(3 << 20)
	for _, preset := range presets {
		b := encode(t, preset, slices.Concat(noise, noise), 2)
		if most := int64(len(noise) + len(noise)/50); b.LZMA2.Size() > most {
			t.Errorf("%s: %d bytes, twice, became %d, want %d at most", preset.name, len(noise), b.LZMA2.Size(), most)
		}
	}
}

// short returns n bytes: stretches of the periods 2 to 16, each some fifty times.
func short(n int) (p []byte) {
	for i := 0; len(p) < n; i++ {
		p = append(p, bytes.Repeat([]byte("abcdefghijklmnop"[:2+i%15]), 50+i%7)...)
	}
	return p[:n]
}

// TestMatches compares the matches that are found with all there are. Short
// ones are left out: those that are far away are not wanted.
func TestMatches(t *testing.T) {
	text := slices.Concat(header(6000), growing(60), bytes.Repeat([]byte("abc"), 300), header(3000), random(500))
	n := len(text)
	w, _ := refined(text, 1<<20)
	var m matches
	m.reset(w, 0, n)
	for i := range n {
		var got, want string
		for _, f := range m.at(i) {
			if l := f.len(i, maxMatch); l >= len(farthest) {
				got += fmt.Sprintf(" %d@%d", l, f.dist+1)
			}
		}
		best := len(farthest) - 1
		for j := i - 1; j >= 0 && best < maxMatch; j-- {
			l := 0
			for l < maxMatch && i+l < n && text[i+l] == text[j+l] {
				l++
			}
			if l > best {
				want += fmt.Sprintf(" %d@%d", l, i-j)
				best = l
			}
		}
		run := 0
		for run < longRun && i+run < n && text[i+run] == text[i] {
			run++
		}
		if got != want && run < longRun {
			t.Fatalf("at %d, %q: got%s, want%s", i, text[i:min(i+20, n)], got, want)
		}
	}
}

// TestSplit edits a part: the segments far from it stay.
func TestSplit(t *testing.T) {
	in := slices.Concat(header(4_000_000), random(4_000_000))
	const least = 512 << 10
	before := split(Part{in}, least)
	after := split(Part{in[:1_000_000], []byte("#define MORE\n"), in[1_000_000:]}, least)
	same := 0
	for _, end := range before {
		if i := slices.Index(after, end+len("#define MORE\n")); i >= 0 {
			same++
		}
	}
	if len(before) < 4 || same < len(before)-3 {
		t.Errorf("got ends %d, and %d of them after an edit, %d", before, same, after)
	}
	start := 0
	for i, end := range before {
		if n := end - start; n > 2*least || n < least && i < len(before)-1 {
			t.Errorf("segment %d has %d bytes, want %d to %d", i, n, least, 2*least)
		}
		start = end
	}
	if start != len(in) {
		t.Errorf("segments end at %d, want %d", start, len(in))
	}
}

func TestParsePreset(t *testing.T) {
	for _, want := range presets {
		if got, err := ParsePreset(want.Name()); got != want || err != nil {
			t.Errorf("%s: got %v, %v", want.Name(), got, err)
		}
	}
	if _, err := ParsePreset("best"); err == nil || err.Error() != `preset is "best": expected default, smallest or fast` {
		t.Errorf("best: got %v", err)
	}
}

func FuzzEncode(f *testing.F) {
	for _, in := range inputs() {
		f.Add(in[:min(len(in), 2000)])
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) == 0 {
			return
		}
		for _, preset := range []Preset{tiny, Fast} {
			b := encode(t, preset, in, 1)
			if got, err := io.ReadAll(b.Open()); err != nil || !bytes.Equal(got, in) {
				t.Errorf("%s: got %d bytes, %v, want the %d that were compressed", preset.name, len(got), err, len(in))
			}
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	p := header(1 << 20)
	b.SetBytes(int64(len(p)))
	for b.Loop() {
		encode(b, Default, p, 1)
	}
}

// memory is a store that counts what is put into it.
type memory struct {
	mutex    sync.Mutex
	segments map[[sha256.Size]byte][]byte
	made     int
}

func (m *memory) Get(key [sha256.Size]byte) []byte {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return m.segments[key]
}

func (m *memory) Put(key [sha256.Size]byte, segment []byte) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.segments[key] = segment
	m.made++
}

// TestStore edits a part again and again: with a store it becomes what it becomes
// without, and only the segments that depend on the edit are made.
func TestStore(t *testing.T) {
	in := slices.Concat(header(400_000), make([]byte, 100_000), random(100_000), growing(500), bytes.Repeat([]byte("abcabd"), 20_000), header(300_000))
	for _, p := range []Preset{
		{name: "optimal", dict: 64 << 10, segment: 16 << 10, window: 100 << 10},
		{name: "lazy", dict: 64 << 10, segment: 16 << 10, window: 100 << 10, lazy: true},
	} {
		m := &memory{segments: make(map[[sha256.Size]byte][]byte)}
		stored := p.With(m)
		encode(t, stored, in, 2)
		all := m.made
		r := rand.New(rand.NewPCG(1, 2))
		text := in
		for range 12 {
			at, n := r.IntN(len(text)), r.IntN(40)
			edited := slices.Concat(text[:at], []byte("#define MORE\n"), text[min(at+n, len(text)):])
			m.made = 0
			got, want := encode(t, stored, edited, 2), encode(t, p, edited, 2)
			if !bytes.Equal(got.LZMA2.(xz.Bytes), want.LZMA2.(xz.Bytes)) || got.CRC32 != want.CRC32 {
				t.Errorf("%s, edit at %d: got other bytes with a store than without", p.name, at)
			}
			if m.made == 0 || m.made > all/3 {
				t.Errorf("%s, edit at %d: %d of %d segments were made", p.name, at, m.made, all)
			}
			text = edited
		}
	}
}
