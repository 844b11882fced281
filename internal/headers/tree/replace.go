// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// A Replacement is the new content of a member.
type Replacement struct {
	End     string // of the member's name, such as /kheaders.ko
	Content []byte
}

// Replace writes a gzip'ed copy of a tar with other content in some members, all
// else as it was: modes, times, owners, order. Each replacement is for one member.
func Replace(file string, replacements []Replacement, out io.Writer) error {
	t := &tarTree{file: file, open: func() (io.ReadSeekCloser, error) { return os.Open(file) }}
	z := gzip.NewWriter(out)
	w := tar.NewWriter(z)
	replaced := make([]string, len(replacements))
	err := t.scan(func(_ int, name string, h *tar.Header, r io.Reader) error {
		i := slices.IndexFunc(replacements, func(by Replacement) bool {
			return h.Typeflag == tar.TypeReg && strings.HasSuffix("/"+name, by.End)
		})
		header := *h
		header.Format = tar.FormatUnknown // a size of another length may need another
		if i >= 0 {
			if replaced[i] != "" {
				return fmt.Errorf("%s ends in %s too; expected one such member", replaced[i], replacements[i].End)
			}
			replaced[i] = name
			header.Size = int64(len(replacements[i].Content))
			r = bytes.NewReader(replacements[i].Content)
		}
		if err := w.WriteHeader(&header); err != nil {
			return err
		}
		_, err := io.Copy(w, r)
		return err
	})
	if err := errors.Join(err, w.Close(), z.Close()); err != nil {
		return fmt.Errorf("replace members of %s: %w", file, err)
	}
	for i, name := range replaced {
		if name == "" {
			return fmt.Errorf("replace members of %s: no file's name ends in %s; expected one", file, replacements[i].End)
		}
	}
	return nil
}
