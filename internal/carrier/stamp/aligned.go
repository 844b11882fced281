// SPDX-License-Identifier: Apache-2.0

package stamp

import "io"

// alignment is how much an alignedWriter writes at a time, in bytes. The
// largest block of a file system that is in use is no larger.
const alignment = 256 << 10

// alignedWriter writes to a file from off on, in pieces that end at multiples
// of alignment. Where a piece ends within a block, the kernel has to read that
// block before it can change it; in a copy that shares its blocks with the
// carrier, none is in memory, and each would be waited for.
type alignedWriter struct {
	to  io.WriterAt
	off int64 // where buf goes, in bytes
	buf []byte
	// also gets what is written too.
	also io.Writer
}

func newAlignedWriter(to io.WriterAt, off int64, also io.Writer) *alignedWriter {
	return &alignedWriter{to: to, off: off, also: also, buf: make([]byte, 0, alignment)}
}

// room returns the part of the buffer that may be filled.
func (w *alignedWriter) room() []byte {
	return w.buf[len(w.buf) : alignment-int(w.off%alignment)]
}

func (w *alignedWriter) Write(p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		k := copy(w.room(), p[n:])
		n += k
		err = w.add(k)
	}
	return n, err
}

// ReadFrom reads to the end of r, into the buffer.
func (w *alignedWriter) ReadFrom(r io.Reader) (n int64, err error) {
	for {
		k, err := r.Read(w.room())
		n += int64(k)
		if failed := w.add(k); failed != nil {
			return n, failed
		}
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}

// add takes in n bytes that were put into room, which always has some.
func (w *alignedWriter) add(n int) error {
	w.buf = w.buf[:len(w.buf)+n]
	if len(w.room()) > 0 {
		return nil
	}
	return w.Flush()
}

// Flush writes what has not been written.
func (w *alignedWriter) Flush() error {
	p := w.buf
	w.off, w.buf = w.off+int64(len(p)), w.buf[:0]
	if _, err := w.to.WriteAt(p, w.off-int64(len(p))); err != nil {
		return err
	}
	_, err := w.also.Write(p)
	return err
}
