// SPDX-License-Identifier: Apache-2.0

package unwrap

import (
	"errors"
	"fmt"
	"io"

	"github.com/pierrec/lz4/v4"
)

// lz4Reader decodes frames and legacy frames (lz4/doc/lz4_Frame_format.md), one
// behind another, and the decoded size that Kbuild appends to the latter.
type lz4Reader struct {
	frames *lz4.Reader
	any    bool // a byte was decoded
}

func newLZ4(r io.Reader) (io.Reader, error) { return &lz4Reader{frames: lz4.NewReader(r)}, nil }

func (z *lz4Reader) Read(p []byte) (int, error) {
	n, err := z.frames.Read(p)
	z.any = z.any || n > 0
	switch {
	case err == nil || err == io.EOF:
		return n, err
	case errors.Is(err, lz4.ErrInvalidFrame) && z.any:
		return n, io.EOF // what else may follow is not read
	case errors.Is(err, io.ErrUnexpectedEOF):
		return n, fmt.Errorf("lz4 data is truncated: %w", err)
	}
	return n, fmt.Errorf("lz4 data is damaged: %w", err)
}
