// SPDX-License-Identifier: Apache-2.0

package xz

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

func TestOpenAll(t *testing.T) {
	large := bytes.Repeat(text(1<<20), 2*piecesAhead*pieceSize>>20+1)
	var many []Block
	var want []byte
	for i := range 20 {
		p := text(3000 * i)
		many, want = append(many, compressed(t, p)), append(want, p...)
	}
	for _, tc := range []struct {
		name   string
		blocks []Block
		want   []byte
	}{
		{"nothing", nil, nil},
		{"empty blocks", []Block{Stored(nil), Stored([]byte("k")), Stored(nil)}, []byte("k")},
		{"many", many, want},
		{"more than is decoded ahead", []Block{Stored(text(10)), Stored(large), Stored(text(20))}, bytes.Join([][]byte{text(10), large, text(20)}, nil)},
	} {
		got, err := io.ReadAll(OpenAll(tc.blocks))
		if err != nil || !bytes.Equal(got, tc.want) {
			t.Errorf("%s: got %d bytes, %v, want %d", tc.name, len(got), err, len(tc.want))
		}
	}
	if err := iotest.TestReader(OpenAll(many), want); err != nil {
		t.Error(err)
	}
}

// What comes before a damaged block is read, nothing behind it, and the error
// stays.
func TestOpenAllErrors(t *testing.T) {
	damaged := compressed(t, text(5000))
	damaged.CRC32++
	large := Stored(make([]byte, 2*piecesAhead*pieceSize))
	large.CRC32++
	for _, tc := range []struct {
		name   string
		blocks []Block
		least  int
		most   int
	}{
		{"damaged", []Block{Stored(text(100)), damaged, Stored(text(100))}, 100, 5100},
		{"damaged and large", []Block{Stored(text(100)), large, Stored(text(100))}, 100, 2*piecesAhead*pieceSize + 100},
	} {
		r := OpenAll(tc.blocks)
		got, err := io.ReadAll(r)
		if err == nil || !strings.HasPrefix(err.Error(), "decode xz block: CRC32 is ") || len(got) < tc.least || len(got) > tc.most {
			t.Errorf("%s: got %d bytes, %v, want %d to %d and a wrong CRC32", tc.name, len(got), err, tc.least, tc.most)
		}
		if n, again := r.Read(make([]byte, 1)); n != 0 || !errors.Is(again, err) {
			t.Errorf("%s: read again: got %d bytes, %v, want %v", tc.name, n, again, err)
		}
	}
}

// A reader that is given up leaves nothing that runs.
func TestOpenAllGivenUp(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 10 {
		if _, err := OpenAll([]Block{Stored(make([]byte, 2*piecesAhead*pieceSize))}).Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
	}
	for range 100 {
		runtime.GC()
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}

// A file that cannot be read is told from one that holds something else.
func TestReadStreamErrors(t *testing.T) {
	p := AppendStream(nil, []Block{compressed(t, text(300_000)), Stored(text(5000))})
	for n := range len(p) {
		if n > 200 && n < len(p)-200 && n%997 != 0 {
			continue
		}
		_, err := ReadStream(broken{bytes.NewReader(p), int64(n)}, int64(len(p)))
		var unread *ReadError
		if !errors.As(err, &unread) || unread.Err != errBroken {
			t.Errorf("unreadable from byte %d on: got %v, want %v", n, err, errBroken)
		}
	}
	if _, err := ReadStream(broken{bytes.NewReader(p), int64(len(p))}, int64(len(p))); err != nil {
		t.Error(err)
	}
	blocks, err := ReadStream(bytes.NewReader(p), int64(len(p)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := WriteStream(&out, blocks); err != nil || !bytes.Equal(out.Bytes(), p) {
		t.Errorf("WriteStream of ReadStream: %v, or other bytes", err)
	}
	blocks[0].LZMA2 = io.NewSectionReader(bytes.NewReader(p[:100]), 24, blocks[0].LZMA2.Size())
	var unread *ReadError
	if err := WriteStream(io.Discard, blocks); !errors.As(err, &unread) || unread.Err != io.ErrUnexpectedEOF {
		t.Errorf("WriteStream of a file that was cut: got %v, want %v", err, io.ErrUnexpectedEOF)
	}
}

var errBroken = errors.New("input/output error")

// broken is a file that cannot be read from a byte on.
type broken struct {
	io.ReaderAt
	from int64
}

func (b broken) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > b.from {
		return 0, errBroken
	}
	return b.ReaderAt.ReadAt(p, off)
}
