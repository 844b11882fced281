// SPDX-License-Identifier: Apache-2.0

// Package unwrap reads what is inside the files that a carrier is shipped in:
// compressed files, kernel images that unpack themselves, boot images. It is
// for reading an archive back out of them; nothing is ever stamped in there.
package unwrap

import (
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz/lzma"

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

// A layer knows one format by its magic.
type layer struct {
	name  string
	at    int
	magic string
	open  func(r *io.SectionReader) (*io.SectionReader, error)
}

// layers in the order of trial: images that unpack themselves begin like
// others.
var layers = []layer{
	{"x86 bzImage", 0x202, "HdrS", bzImage},
	{"EFI zboot image", 4, "zimg", zboot},
	{"Android boot image", 0, "ANDROID!", androidBoot},
	{"U-Boot uImage", 0, "\x27\x05\x19\x56", uImage},
	{"gzip", 0, "\x1f\x8b", decoder(func(r io.Reader) (io.Reader, error) {
		z, err := gzip.NewReader(r)
		if err == nil {
			z.Multistream(false) // a kernel's size, or nothing of ours, may follow
		}
		return z, err
	})},
	{"xz", 0, xz.Magic, decoder(xz.NewReader)},
	{"bzip2", 0, "BZh", decoder(func(r io.Reader) (io.Reader, error) { return bzip2.NewReader(r), nil })},
	{"lz4", 0, lz4Legacy, decoder(newLZ4)},
	{"lz4", 0, lz4Frame, decoder(newLZ4)},
	{"zstd", 0, "\x28\xb5\x2f\xfd", decoder(newZstd)},
	{"lzma", 0, "\x5d\x00\x00", decoder(newLZMA)},
}

// ErrNone says that a file has no wrapping that this package knows.
var ErrNone = errors.New("file has no wrapping that is known: expected gzip, xz, zstd, bzip2, lzma, lz4, a bzImage, an EFI zboot image, an Android boot image or a uImage")

// Open takes one layer off a file of size bytes. What is compressed is decoded
// into memory, at most 512 MiB of it.
func Open(r io.ReaderAt, size int64) (Inner, error) {
	head := make([]byte, min(size, 1024))
	if _, err := io.ReadFull(io.NewSectionReader(r, 0, size), head); err != nil {
		return Inner{}, fmt.Errorf("read file header: %w", err)
	}
	for _, l := range layers {
		if len(head) < l.at || !bytes.HasPrefix(head[l.at:], []byte(l.magic)) {
			continue
		}
		inner, err := l.open(io.NewSectionReader(r, 0, size))
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return Inner{}, fmt.Errorf("unpack %s: %w", l.name, err)
		}
		return Inner{inner, inner.Size(), l.name}, nil
	}
	return Inner{}, ErrNone
}

// decoder makes a layer's open of a decompressor.
func decoder(newReader func(io.Reader) (io.Reader, error)) func(*io.SectionReader) (*io.SectionReader, error) {
	return func(r *io.SectionReader) (*io.SectionReader, error) {
		z, err := newReader(r)
		if err != nil {
			return nil, err
		}
		p, err := readAll(z, maxDecoded)
		if err != nil {
			return nil, err
		}
		return io.NewSectionReader(bytes.NewReader(p), 0, int64(len(p))), nil
	}
}

// readAll reads to the end, which has to come after at most limit bytes.
func readAll(r io.Reader, limit int64) ([]byte, error) {
	p, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(p)) > limit {
		return nil, fmt.Errorf("more than %d bytes: expected a kernel", limit)
	}
	return p, nil
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
