// SPDX-License-Identifier: Apache-2.0

package lzma2

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/rules-kheaders/rules_kheaders/internal/xz"
	"github.com/rules-kheaders/rules_kheaders/internal/xz/xztest"
)

// header returns n bytes that look like a header file. It uses no library, so
// that nothing but the encoder can change the digest below.
func header(n int) []byte {
	var p []byte
	for x := uint32(1); len(p) < n; x = x*1664525 + 1013904223 {
		p = fmt.Appendf(p, "#define REG_%04X\t0x%02x\n#ifdef CONFIG_%c%c\nextern int f%d(void);\n#endif\n",
			x>>16, x>>24, 'A'+x>>8%26, 'A'+x>>13%26, x>>22)
	}
	return p[:n]
}

// xzProgram finds the xz program.
func xzProgram(t testing.TB) string {
	t.Helper()
	path, err := exec.LookPath("xz")
	if err != nil {
		t.Fatal("test needs xz: install it, on Debian: apt-get install xz-utils")
	}
	return path
}

// A new version of the library, or of Go, that compresses differently changes
// every archive: this test is where that is seen. If it is wanted, put the new
// digest here.
func TestGoIsPinned(t *testing.T) {
	const wantInput = "57d0dab96834a2924cec0e69b7ac4a2e84ee7807008a7064204d2a2dd15e5318"
	const want = "31900 bytes a0789b124fc6a6a9c13f59bb53e6f3f8fbc2a6176cf8f2ada45ddf78152b9e2a"
	p := header(200_000)
	if got := fmt.Sprintf("%x", sha256.Sum256(p)); got != wantInput {
		t.Fatalf("input: got sha256 %s, want %s", got, wantInput)
	}
	out, err := Go().Encode(Part{p})
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%d bytes %x", len(out), sha256.Sum256(out)); got != want {
		t.Errorf("output: got %s, want %s", got, want)
	}
}

func TestEncode(t *testing.T) {
	long := header(300_000)
	for _, tc := range []struct {
		e    Encoder
		name string
		dict int64
	}{
		{Go(), "go", 8 << 20},
		{Program(xzProgram(t), "0"), "xz --lzma2=preset=0,dict=262144", 256 << 10},
		{Program(xzProgram(t), "6"), "xz --lzma2=preset=6,dict=8388608", 8 << 20},
		{Program(xzProgram(t), "1e,dict=96KiB,lc=4,pb=0"), "xz --lzma2=preset=1e,dict=98304,lc=4,pb=0", 96 << 10},
	} {
		if got := tc.e.Name(); got != tc.name {
			t.Errorf("Name: got %q, want %q", got, tc.name)
		}
		if got := xz.DictSize(tc.e.DictProp()); got != tc.dict {
			t.Errorf("%s: DictProp: got %d bytes, want %d", tc.name, got, tc.dict)
		}
		for _, p := range [][]byte{{0}, header(511), bytes.Repeat([]byte{0}, 300_000), long} {
			blocks, err := EncodeBlocks(tc.e, []Part{{p}}, 1)
			if err != nil {
				t.Errorf("%s: %d bytes: %v", tc.name, len(p), err)
				continue
			}
			// Open allocates no more than the block's dictionary: distances
			// beyond it would fail here.
			got, err := io.ReadAll(blocks[0].Open())
			if err != nil || !bytes.Equal(got, p) {
				t.Errorf("%s: %d bytes: got %d bytes, %v", tc.name, len(p), len(got), err)
			}
			again, err := tc.e.Encode(Part{p[:len(p)/3], nil, p[len(p)/3:]})
			if err != nil || !bytes.Equal(again, blocks[0].LZMA2.(xz.Bytes)) {
				t.Errorf("%s: %d bytes: another %d bytes in pieces, %v", tc.name, len(p), len(again), err)
			}
			if want := min(tc.dict, xz.DictSize(xz.DictProp(int64(len(p))))); xz.DictSize(blocks[0].DictProp) != want {
				t.Errorf("%s: %d bytes: got a dictionary of %d bytes, want %d", tc.name, len(p), xz.DictSize(blocks[0].DictProp), want)
			}
		}
	}
}

func TestEncodeBlocks(t *testing.T) {
	var parts []Part
	var all [][]byte
	for i := range 7 {
		p := header(10_000 * (i + 1))
		parts, all = append(parts, Part{p[:i], p[i:5000], p[5000:]}), append(all, p)
	}
	for _, e := range []Encoder{Go(), Program(xzProgram(t), "1")} {
		one, err := EncodeBlocks(e, parts, 1)
		if err != nil {
			t.Fatal(err)
		}
		for _, workers := range []int{-1, 2, 100} {
			got, err := EncodeBlocks(e, parts, workers)
			if err != nil || !reflect.DeepEqual(got, one) {
				t.Errorf("%s, %d workers: got other blocks than by one, %v", e.Name(), workers, err)
			}
		}
		want := fmt.Sprintf("%x\n", sha256.Sum256(bytes.Join(all, nil)))
		file := xztest.Files(t, xz.AppendStream(nil, one))[0]
		if got := string(xztest.Accepted(t, file)); got != want {
			t.Errorf("%s: decoded by Python: got %s, want %s", e.Name(), got, want)
		}
	}
	if got, err := EncodeBlocks(Go(), nil, 2); len(got) > 0 || err != nil {
		t.Errorf("no part: got %d blocks, %v", len(got), err)
	}
}

// failing fails on the parts of which it is told.
type failing struct {
	goEncoder
	on string
}

func (f failing) Encode(p Part) ([]byte, error) {
	if first := string(p[0]); strings.Contains(f.on, first) {
		return nil, errors.New("cannot encode " + first)
	}
	return f.goEncoder.Encode(p)
}

func TestEncodeBlocksErrors(t *testing.T) {
	parts := []Part{{[]byte("a")}, {[]byte("b")}, {[]byte("c")}, {[]byte("d")}}
	for _, workers := range []int{1, 4} {
		want := "compress block 2 of 4 with go: cannot encode b"
		if _, err := EncodeBlocks(failing{on: "db"}, parts, workers); err == nil || err.Error() != want {
			t.Errorf("%d workers: got %v, want %q", workers, err, want)
		}
	}
	want := "compress block 1 of 2 with go: it is empty: expected a part with a member"
	if _, err := EncodeBlocks(Go(), []Part{{nil}, parts[0]}, 1); err == nil || err.Error() != want {
		t.Errorf("empty part: got %v, want %q", err, want)
	}
}

// TestPart reads with buffers that end in a piece, at its end and behind it.
func TestPart(t *testing.T) {
	p := Part{[]byte("ab"), nil, []byte("c"), []byte("defgh"), {}}
	if p.Len() != 8 {
		t.Errorf("Len: got %d, want 8", p.Len())
	}
	for range 2 { // reading leaves the part as it was
		if err := iotest.TestReader(p.Open(), []byte("abcdefgh")); err != nil {
			t.Error(err)
		}
	}
	for size := 1; size <= 9; size++ {
		var got []byte
		r, room := p.Open(), make([]byte, size)
		for {
			n, err := r.Read(room)
			got = append(got, room[:n]...)
			if err == io.EOF {
				break
			}
			if err != nil || n < size && len(got) < 8 {
				t.Fatalf("room for %d: got %d bytes after %q, %v; want it filled", size, n, got, err)
			}
		}
		if string(got) != "abcdefgh" {
			t.Errorf("room for %d: got %q", size, got)
		}
	}
	if n, err := (Part{nil}).Open().Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("empty: got %d, %v, want io.EOF", n, err)
	}
}

func BenchmarkGo(b *testing.B) {
	p := header(1 << 20)
	b.SetBytes(int64(len(p)))
	for b.Loop() {
		if _, err := Go().Encode(Part{p}); err != nil {
			b.Fatal(err)
		}
	}
}
