// SPDX-License-Identifier: Apache-2.0

package xz

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/ulikunitz/xz/lzma"
)

// lzmaTexts are of what a decoder has cases for: nothing that repeats, one byte,
// repeats near and far, and text.
func lzmaTexts() map[string][]byte {
	random := make([]byte, 300_000)
	rand.NewChaCha8([32]byte{}).Read(random)
	var text bytes.Buffer
	for i := range 20_000 {
		fmt.Fprintf(&text, "#define NAME_%d 0x%x\n", i, i*i*i)
	}
	return map[string][]byte{
		"one": {1}, "random": random, "zeros": make([]byte, 5<<20), "text": text.Bytes(),
		"far": append(append(bytes.Clone(random), text.Bytes()...), random...), "near": bytes.Repeat([]byte("abcdefg"), 100_000),
	}
}

// compress is the library's encoder.
func compress(t testing.TB, p []byte, lc, lp, pb, dict int) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := lzma.Writer2Config{Properties: &lzma.Properties{LC: lc, LP: lp, PB: pb}, DictCap: dict}.NewWriter2(&out)
	if err == nil {
		_, err = w.Write(p)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestDecoder(t *testing.T) {
	for name, p := range lzmaTexts() {
		for i, props := range [][3]int{{3, 0, 2}, {4, 0, 0}, {0, 4, 4}, {1, 2, 3}} {
			if i > 0 && name != "text" && name != "near" {
				continue // the properties are of literals and positions
			}
			for _, dict := range []int{1 << 16, 1 << 20} {
				data := compress(t, p, props[0], props[1], props[2], dict)
				rest := bytes.NewReader(append(bytes.Clone(data), "more"...))
				got, err := io.ReadAll(newDecoder(rest, int64(dict)))
				if err != nil || !bytes.Equal(got, p) {
					t.Errorf("%s, %v, dictionary of %d: got %d bytes, %v, want %d", name, props, dict, len(got), err, len(p))
				}
				if rest.Len() != len("more") {
					t.Errorf("%s: %d bytes are left, want those behind the end marker", name, rest.Len())
				}
			}
		}
	}
}

// The decoder and the library's agree on any bytes: both fail, or both decode
// to the same.
func FuzzDecoder(f *testing.F) {
	for _, p := range lzmaTexts() {
		p = p[:min(len(p), 2000)]
		f.Add(compress(f, p, 3, 0, 2, 4096))
		f.Add(compress(f, p, 0, 2, 0, 4096))
	}
	f.Add([]byte{1, 0, 1, 'a', 'b', 2, 0, 0, 'c', 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		const limit = 16 << 20
		got, err := io.ReadAll(io.LimitReader(newDecoder(bytes.NewReader(data), 4096), limit))
		if err != nil || len(got) == limit {
			return
		}
		want, err := library(data)
		if err != nil {
			// It checks less of a chunk's end, and more of nothing else that is known.
			t.Fatalf("decoded to %d bytes; the library fails: %v", len(got), err)
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("decoded to %d other bytes than the library's %d", len(got), len(want))
		}
	})
}

func library(data []byte) (p []byte, err error) {
	defer func() {
		if e := recover(); e != nil {
			err = fmt.Errorf("%v", e)
		}
	}()
	r, err := lzma.Reader2Config{DictCap: 4096}.NewReader2(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

func BenchmarkDecoder(b *testing.B) {
	p := lzmaTexts()["text"]
	data := compress(b, p, 3, 0, 2, 1<<20)
	b.SetBytes(int64(len(p)))
	for b.Loop() {
		if _, err := io.Copy(io.Discard, newDecoder(bytes.NewReader(data), 1<<20)); err != nil {
			b.Fatal(err)
		}
	}
}
