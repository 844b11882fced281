// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"

	"github.com/rules-kheaders/rules_kheaders/internal/xz"
)

// compression is a form that an input may be compressed in.
type compression struct {
	name, magic string
	open        func(io.Reader) (io.Reader, error)
}

var compressions = []compression{
	{"gzip", "\x1f\x8b", func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }},
	{"xz", xz.Magic, xz.NewReader},
	{"zstd", "\x28\xb5\x2f\xfd", openZstd},
}

// openZstd decodes in the caller's goroutine, so there is nothing to close. A
// window is as large as zstd itself decodes unasked.
func openZstd(r io.Reader) (io.Reader, error) {
	return zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(128<<20))
}

// compressed returns the form that a file is compressed in by its first bytes,
// or nil.
func compressed(head []byte) *compression {
	for i, c := range compressions {
		if bytes.HasPrefix(head, []byte(c.magic)) {
			return &compressions[i]
		}
	}
	return nil
}

// start opens a compressed file.
func (c compression) start(r io.Reader) (io.Reader, error) {
	z, err := c.open(bufio.NewReaderSize(r, 1<<20))
	if err != nil {
		return nil, c.damaged(err)
	}
	return z, nil
}

// damaged is the error of a file that cannot be decoded to its end.
func (c compression) damaged(err error) error {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("decode %s: %w: it is damaged or cut short; get it again", c.name, err)
}

// decoded returns a file's content as it was before it was compressed, if it is.
func decoded(path string, p []byte) ([]byte, error) {
	c := compressed(p)
	if c == nil {
		return p, nil
	}
	z, err := c.start(bytes.NewReader(p))
	if err == nil {
		if p, err = io.ReadAll(io.LimitReader(z, maxFile+1)); err != nil {
			err = c.damaged(err)
		} else if len(p) > maxFile {
			err = fmt.Errorf("decode %s: it has more than %d bytes, expected at most that", c.name, maxFile)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return p, nil
}
