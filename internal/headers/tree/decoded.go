// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"bytes"
	"fmt"
	"io"

	"github.com/rules-kheaders/rules_kheaders/internal/archive/decompress"
)

// decoded returns a file's content as it was before it was compressed, if it is.
func decoded(path string, p []byte) ([]byte, error) {
	c := decompress.Detect(p)
	if c == nil {
		return p, nil
	}
	z, err := c.NewReader(bytes.NewReader(p))
	if err == nil {
		if p, err = io.ReadAll(io.LimitReader(z, MaxFile+1)); err != nil {
			err = c.Damaged(err)
		} else if len(p) > MaxFile {
			err = fmt.Errorf("decode %s: it has more than %d bytes, expected at most that", c.Name, MaxFile)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return p, nil
}
