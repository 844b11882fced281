// SPDX-License-Identifier: Apache-2.0

package carrier

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// window is the size in bytes of the buffer that tables are read through. A
// symbol table of 130,000 entries is 3 MiB and is never held as a whole.
const window = 64 << 10

// readFull reads len(p) bytes at off. A file that ends before is
// io.ErrUnexpectedEOF.
func readFull(r io.ReaderAt, p []byte, off int64) error {
	n, err := r.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// stream calls entry with each of the entries of a table of size bytes at off.
// The bytes are valid until entry returns.
func (f *elfFile) stream(off, size, each int64, entry func(p []byte) error) error {
	return f.streamWindows(off, size, each, func(window []byte) error {
		for ; len(window) > 0; window = window[each:] {
			if err := entry(window[:each]); err != nil {
				return err
			}
		}
		return nil
	})
}

// streamWindows is stream for several entries at a time.
func (f *elfFile) streamWindows(off, size, each int64, entries func(window []byte) error) error {
	if each <= 0 || size%each != 0 {
		return fmt.Errorf("table of %d bytes at offset %d is no multiple of its entries' %d bytes", size, off, each)
	}
	buf := make([]byte, min(size, window/each*each))
	for size > 0 {
		p := buf[:min(size, int64(len(buf)))]
		if err := readFull(f.r, p, off); err != nil {
			return fmt.Errorf("read %d bytes at offset %d: %w", len(p), off, err)
		}
		if err := entries(p); err != nil {
			return err
		}
		off, size = off+int64(len(p)), size-int64(len(p))
	}
	return nil
}

// overlapped calls piece with a window over the size bytes at off, again and
// again: at is where, from off on, it begins, and the first kept bytes of it are
// the last of the piece before, at most overlap, so that nothing that is no
// longer than that is missed between two.
func overlapped(r io.ReaderAt, off, size int64, overlap int, piece func(p []byte, at int64, kept int) error) error {
	buf := make([]byte, min(size, int64(window+overlap)))
	kept := 0
	for base := int64(0); base < size; {
		n := min(int64(len(buf)-kept), size-base)
		if err := readFull(r, buf[kept:kept+int(n)], off+base); err != nil {
			return fmt.Errorf("read %d bytes at offset %d: %w", n, off+base, err)
		}
		p := buf[:kept+int(n)]
		if err := piece(p, base-int64(kept), kept); err != nil {
			return err
		}
		base += n
		kept = copy(buf, p[max(0, len(p)-overlap):])
	}
	return nil
}

// search calls found with the offset, from off on, of every occurrence of the
// pattern in the size bytes at off.
func search(r io.ReaderAt, off, size int64, pattern []byte, found func(at int64) error) error {
	return overlapped(r, off, size, len(pattern)-1, func(p []byte, base int64, _ int) error {
		for at := 0; ; at++ {
			k := bytes.Index(p[at:], pattern)
			if k < 0 {
				return nil
			}
			at += k
			if err := found(base + int64(at)); err != nil {
				return err
			}
		}
	})
}

// searchEnds calls found with every place in a string table, of size bytes at
// off, at which one of the names, none empty, stands before a NUL. It steps from NUL to NUL,
// which is quicker than to search for each of the names.
func searchEnds(r io.ReaderAt, off, size int64, names []string, found func(name string, at int64) error) error {
	overlap := 0
	var last [256]bool // bytes that a name ends with: most strings end with another
	for _, n := range names {
		overlap = max(overlap, len(n))
		last[n[len(n)-1]] = true
	}
	return overlapped(r, off, size, overlap, func(p []byte, base int64, kept int) error {
		for end := kept; ; end++ {
			k := bytes.IndexByte(p[end:], 0)
			if k < 0 {
				return nil
			}
			end += k
			if end == 0 || !last[p[end-1]] {
				continue
			}
			for _, n := range names {
				if at := end - len(n); at >= 0 && string(p[at:end]) == n {
					if err := found(n, base+int64(at)); err != nil {
						return err
					}
				}
			}
		}
	})
}
