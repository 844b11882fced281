// SPDX-License-Identifier: Apache-2.0

package xz

import (
	"bytes"
	"fmt"
	"io"
)

// Data is compressed data of Size bytes: [Bytes], or an [io.SectionReader] of
// a file, which then has to stay open and as it is.
type Data interface {
	io.ReaderAt
	Size() int64
}

// Bytes is data in memory.
type Bytes []byte

// Size returns the number of bytes.
func (b Bytes) Size() int64 { return int64(len(b)) }

// ReadAt reads as an [io.ReaderAt] does.
func (b Bytes) ReadAt(p []byte, off int64) (int, error) {
	return bytes.NewReader(b).ReadAt(p, off)
}

// A ReadError says that a file could not be read where it has to have bytes:
// what it holds is then not known, rather than wrong.
type ReadError struct {
	Offset int64 // in bytes
	Size   int   // in bytes
	Err    error // io.ErrUnexpectedEOF where the file ends before
}

func (e *ReadError) Error() string {
	return fmt.Sprintf("read %d bytes at %d: %v", e.Size, e.Offset, e.Err)
}

func (e *ReadError) Unwrap() error { return e.Err }

// ReadFull reads len(p) bytes at off. The error is a [*ReadError].
func ReadFull(r io.ReaderAt, p []byte, off int64) error {
	// ReadAt may report io.EOF along with the last byte of the file.
	n, err := r.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if err == nil || err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return &ReadError{off, len(p), err}
}

// cut returns the size bytes at off, which r has.
func cut(r io.ReaderAt, off, size int64) Data {
	if p, ok := r.(Bytes); ok {
		return p[off : off+size : off+size]
	}
	return io.NewSectionReader(r, off, size)
}

// windowSize is how much a window reads at a time, in bytes: the largest block
// header, and several of the chunk headers where chunks are small. Where they
// are large, what is between two headers is not read.
const windowSize = 4 << 10

// window reads here and there in size bytes of r.
type window struct {
	r    io.ReaderAt
	size int64
	at   int64 // where p begins
	p    []byte
}

// bytes returns the n bytes at off, at most windowSize and none beyond size.
// They are valid until the next call.
func (w *window) bytes(off int64, n int) ([]byte, error) {
	if p, ok := w.r.(Bytes); ok {
		return p[off : off+int64(n)], nil
	}
	if off < w.at || off+int64(n) > w.at+int64(len(w.p)) {
		if w.p == nil {
			w.p = make([]byte, windowSize)
		}
		w.at, w.p = off, w.p[:min(windowSize, w.size-off)]
		if err := ReadFull(w.r, w.p, off); err != nil {
			w.p = w.p[:0]
			return nil, err
		}
	}
	return w.p[off-w.at:][:n], nil
}

// stored is Data's bytes in order.
func stored(d Data) io.Reader { return io.NewSectionReader(d, 0, d.Size()) }
