// SPDX-License-Identifier: Apache-2.0

package xz

import (
	"bytes"
	"io"
	"testing"
)

// small are streams that a fuzzer can get through in a moment.
func small(f *testing.F) [][]byte {
	return [][]byte{
		AppendStream(nil, nil),
		noIndex(),
		AppendStream(nil, []Block{Stored([]byte("abc"))}),
		AppendStream(nil, []Block{padded(Stored(text(20)), 4), compressed(f, text(500))}),
	}
}

func FuzzParseStream(f *testing.F) {
	for _, p := range small(f) {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, p []byte) {
		blocks, err := ParseStream(p)
		if err != nil {
			return
		}
		if !bytes.Equal(AppendStream(nil, blocks), p) {
			t.Errorf("a stream that parses is written differently")
		}
		for i, b := range blocks {
			// The chunk headers have been added up: more cannot come out, and
			// io.EOF means that all of it did.
			n, err := io.Copy(io.Discard, b.Open())
			if n > b.Uncompressed || err == nil && n != b.Uncompressed {
				t.Errorf("block %d: %d bytes decoded of %d, %v", i, n, b.Uncompressed, err)
			}
		}
	})
}

func FuzzNewReader(f *testing.F) {
	for _, p := range small(f) {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, p []byte) {
		r, err := NewReader(bytes.NewReader(p))
		if err != nil {
			return
		}
		// Whatever ParseStream takes, NewReader takes as well, and decodes to
		// the same.
		got, err := io.ReadAll(io.LimitReader(r, 1<<20))
		blocks, parseErr := ParseStream(p)
		if parseErr != nil || len(got) == 1<<20 {
			return
		}
		var want []byte
		for _, b := range blocks {
			decoded, failed := io.ReadAll(b.Open())
			if failed != nil {
				if err == nil {
					t.Errorf("a damaged block is read without an error")
				}
				return
			}
			want = append(want, decoded...)
		}
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("got %d bytes, %v, want %d", len(got), err, len(want))
		}
	})
}

// The CRCs of the container keep a fuzzer out of the compressed data: here it
// gets at it directly.
func FuzzOpen(f *testing.F) {
	for _, b := range []Block{Stored([]byte("abc")), compressed(f, text(500))} {
		f.Add([]byte(raw(&b)), uint16(b.Uncompressed), b.DictProp)
	}
	f.Fuzz(func(t *testing.T, lzma2 []byte, size uint16, prop byte) {
		b := Block{LZMA2: Bytes(lzma2), Uncompressed: int64(size), DictProp: prop % (maxDictProp + 1)}
		n, err := io.Copy(io.Discard, b.Open())
		if n > b.Uncompressed {
			t.Errorf("%d bytes decoded of %d, %v", n, size, err)
		}
		walked, walkErr := DecodedSize(lzma2)
		if err == nil && (walkErr != nil || walked != n) {
			t.Errorf("%d bytes decoded, DecodedSize says %d, %v", n, walked, walkErr)
		}
	})
}
