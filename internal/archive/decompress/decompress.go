// SPDX-License-Identifier: Apache-2.0

// Package decompress reads inputs that may be compressed, by what they begin with.
package decompress

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"

	"github.com/rules-kheaders/rules_kheaders/internal/archive/xz"
)

// A Format is a form that an input may be compressed in.
type Format struct {
	Name, magic string
	open        func(io.Reader) (io.Reader, error)
}

// Formats are all that are read.
var Formats = []Format{
	{"gzip", "\x1f\x8b", func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }},
	{"xz", xz.Magic, xz.NewReader},
	{"zstd", "\x28\xb5\x2f\xfd", openZstd},
}

// MagicSize is how many first bytes of a file Detect needs.
const MagicSize = len(xz.Magic)

// openZstd decodes in the caller's goroutine, so there is nothing to close. A
// window is as large as zstd itself decodes unasked.
func openZstd(r io.Reader) (io.Reader, error) {
	return zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(128<<20))
}

// Detect returns the format of a file by its first bytes, or nil.
func Detect(head []byte) *Format {
	for i, f := range Formats {
		if bytes.HasPrefix(head, []byte(f.magic)) {
			return &Formats[i]
		}
	}
	return nil
}

// NewReader returns a reader of a compressed file's content.
func (f Format) NewReader(r io.Reader) (io.Reader, error) {
	z, err := f.open(bufio.NewReaderSize(r, 1<<20))
	if err != nil {
		return nil, f.Damaged(err)
	}
	return z, nil
}

// Damaged is the error of a file that cannot be decoded to its end.
func (f Format) Damaged(err error) error {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("decode %s: %w: it is damaged or cut short; get it again", f.Name, err)
}
