// SPDX-License-Identifier: Apache-2.0

// Package unwrap reads what is inside the files that a carrier is shipped in:
// compressed files, kernel images that unpack themselves, boot images. It is
// for reading an archive back out of them; nothing is ever stamped in there.
package unwrap

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz/lzma"

	"github.com/rules-kheaders/rules_kheaders/internal/carrier/format"
	"github.com/rules-kheaders/rules_kheaders/internal/xz"
)

// Limits in bytes. A vmlinux without debug information has up to 100 MB.
const (
	maxDecoded    = 512 << 20
	maxDictionary = 128 << 20 // also of zstd -22 --ultra, which Linux is compressed with
)

// Inner is what one layer holds.
type Inner struct {
	io.ReaderAt
	Size int64  // bytes
	Name string // of the layer that was taken off: "gzip", "x86 bzImage"
}

// layers take off the formats that are known.
var layers = map[format.Format]struct {
	name string
	open func(r *io.SectionReader) (*io.SectionReader, error)
}{
	format.BzImage:     {"x86 bzImage", bzImage},
	format.Zboot:       {"EFI zboot image", zboot},
	format.AndroidBoot: {"Android boot image", androidBoot},
	format.UImage:      {"U-Boot uImage", uImage},
	format.Gzip:        {"gzip", decoder(newGzip)},
	format.Xz:          {"xz", decoder(xz.NewReader)},
	format.Bzip2:       {"bzip2", decoder(func(r io.Reader) (io.Reader, error) { return bzip2.NewReader(r), nil })},
	format.LZ4:         {"lz4", decoder(newLZ4)},
	format.LZ4Legacy:   {"lz4", decoder(newLZ4)},
	format.Zstd:        {"zstd", decoder(newZstd)},
	format.LZMA:        {"lzma", decoder(newLZMA)},
	format.Lzop:        {"lzop", decoder(newLzop)},
}

// ErrNone says that a file has no wrapping that this package knows.
var ErrNone = errors.New("file has no wrapping that is known: expected " + Known)

// Known are the wrappings that Open takes off, for messages.
const Known = "gzip, xz, zstd, bzip2, lzma, lzop, lz4, a bzImage, an EFI zboot image, an Android boot image or a uImage"

// Open takes one layer off a file of size bytes. What is compressed is decoded
// into memory, at most 512 MiB of it.
func Open(r io.ReaderAt, size int64) (Inner, error) {
	in, head, err := start(r, size)
	if err != nil {
		return Inner{}, fmt.Errorf("read file header: %w", err)
	}
	l, ok := layers[format.Of(head)]
	if !ok {
		return Inner{}, ErrNone
	}
	inner, err := l.open(in)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return Inner{}, fmt.Errorf("unpack %s: %w", l.name, err)
	}
	return Inner{inner, inner.Size(), l.name}, nil
}

// start returns a file from the first frame on that is not skippable, and its
// first bytes. Such frames are zstd's and lz4's; pzstd begins with one.
func start(r io.ReaderAt, size int64) (in *io.SectionReader, head []byte, err error) {
	for off := int64(0); ; {
		in = io.NewSectionReader(r, off, size-off)
		if head, err = header(in, int(min(in.Size(), format.Probe))); err != nil {
			return nil, nil, err
		}
		if len(head) < 8 || !isSkippable(head) {
			return in, head, nil
		}
		skip := 8 + int64(binary.LittleEndian.Uint32(head[4:]))
		if skip > in.Size() {
			return nil, nil, fmt.Errorf("skippable frame of %d bytes at offset %d is not in the file of %d bytes: truncated file", skip, off, size)
		}
		off += skip
	}
}

// isSkippable says whether a frame is one of those that zstd and lz4 skip
// (RFC 8878, 3.1.2), by its magic.
func isSkippable(p []byte) bool {
	return len(p) >= 4 && p[0]>>4 == 5 && string(p[1:4]) == "\x2a\x4d\x18"
}

// decoder makes a layer's open of a decompressor.
func decoder(newReader func(io.Reader) (io.Reader, error)) func(*io.SectionReader) (*io.SectionReader, error) {
	return func(r *io.SectionReader) (*io.SectionReader, error) {
		z, err := newReader(r)
		if err != nil {
			return nil, err
		}
		return readAll(z, maxDecoded)
	}
}

// piece is how many bytes of what is decoded are in one slice.
const piece = 1 << 20

// pieces is what was decoded. One slice that grows would take twice as much memory
// while it is copied.
type pieces [][]byte

func (all pieces) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) {
		i := int(off / piece)
		if i >= len(all) || off%piece >= int64(len(all[i])) {
			return n, io.EOF
		}
		k := copy(p[n:], all[i][off%piece:])
		n, off = n+k, off+int64(k)
	}
	return n, nil
}

// readAll reads to the end, which has to come after at most limit bytes.
func readAll(r io.Reader, limit int64) (*io.SectionReader, error) {
	r = io.LimitReader(r, limit+1)
	var all pieces
	size := int64(0)
	for {
		// Not io.ReadFull: its error for an end within the piece is that for data
		// that is cut off.
		p, n, err := make([]byte, piece), 0, error(nil)
		for n < len(p) && err == nil {
			var k int
			k, err = r.Read(p[n:])
			n += k
		}
		if err != nil && err != io.EOF {
			return nil, err
		}
		all, size = append(all, p[:n]), size+int64(n)
		if size > limit {
			return nil, fmt.Errorf("more than %d bytes: expected a kernel", limit)
		}
		if err == io.EOF {
			return io.NewSectionReader(all, 0, size), nil
		}
	}
}

const gzipMagic = "\x1f\x8b"

// gzipReader reads the members of a gzip file (RFC 1952). What else is behind one,
// such as a kernel's size or device tree, is nothing of ours; multistream of package
// gzip would take it for damage.
type gzipReader struct {
	in *bufio.Reader
	z  *gzip.Reader
}

func newGzip(r io.Reader) (io.Reader, error) {
	in := bufio.NewReader(r)
	z, err := gzip.NewReader(in)
	if err != nil {
		return nil, err
	}
	z.Multistream(false)
	return &gzipReader{in, z}, nil
}

func (g *gzipReader) Read(p []byte) (int, error) {
	n, err := g.z.Read(p)
	if err != io.EOF {
		return n, err
	}
	const deflated = gzipMagic + "\x08"
	magic, err := g.in.Peek(len(deflated))
	if err == nil && string(magic) != deflated {
		err = io.EOF
	}
	if err == nil {
		err = g.z.Reset(g.in)
		g.z.Multistream(false)
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
	}
	return n, err
}

// newZstd reads zstd frames (RFC 8878). It decodes in the caller's goroutine,
// so there is nothing to close.
func newZstd(r io.Reader) (io.Reader, error) {
	return zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxDictionary))
}

// newLZMA reads the .lzma format: properties, dictionary size, size (LZMA SDK,
// lzma-specification.txt).
func newLZMA(r io.Reader) (io.Reader, error) {
	var head [13]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	if n := binary.LittleEndian.Uint32(head[1:]); n > maxDictionary {
		return nil, fmt.Errorf("dictionary has %d bytes, expected at most %d", n, maxDictionary)
	}
	return lzma.NewReader(io.MultiReader(bytes.NewReader(head[:]), r))
}
