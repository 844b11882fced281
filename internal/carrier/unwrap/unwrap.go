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

	"github.com/rules-kheaders/rules_kheaders/internal/archive/xz"
	"github.com/rules-kheaders/rules_kheaders/internal/carrier/format"
	"github.com/rules-kheaders/rules_kheaders/internal/cli/memory"
)

// maxDecoded is a limit in bytes. A vmlinux without debug information has up to 100 MB.
const (
	maxDecoded = 512 << 20
)

// Inner is what one layer holds.
type Inner struct {
	io.ReaderAt
	Size int64  // bytes
	Name string // of the layer that was taken off: "gzip", "x86 bzImage"

	decoded io.Closer // nil if nothing was decoded
}

// Close gives up what was decoded.
func (i Inner) Close() error {
	if i.decoded == nil {
		return nil
	}
	return i.decoded.Close()
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

// Open takes one layer off a file of size bytes. What is compressed is decoded, at
// most 512 MiB of it: the first 16 MiB into memory, the rest into a temporary file.
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
	return Inner{inner, inner.Size(), l.name, closer(inner)}, nil
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

const gzipMagic = "\x1f\x8b"

// gzipReader reads the members of a gzip file (RFC 1952). What else is behind one,
// such as a kernel's size or device tree, is not read; multistream of package
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
	window := memory.Dictionary()
	if err := memory.TakeDictionary(window); err != nil { // of what size is known to the decoder alone
		return nil, err
	}
	return zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(uint64(window)))
}

// newLZMA reads the .lzma format: properties, dictionary size, size (LZMA SDK,
// lzma-specification.txt).
func newLZMA(r io.Reader) (io.Reader, error) {
	var head [13]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	if err := memory.TakeDictionary(int64(binary.LittleEndian.Uint32(head[1:]))); err != nil {
		return nil, err
	}
	return lzma.NewReader(io.MultiReader(bytes.NewReader(head[:]), r))
}
