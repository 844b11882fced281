// SPDX-License-Identifier: Apache-2.0

package headertree

import (
	"archive/tar"
	"bufio"
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/atomicfile"
)

// member is one file of the tree: a file's content, or text.
type member struct {
	name string
	file string
	text string // when there is no file
}

// writeTar writes the tree. It depends on names, contents and run bits alone.
func writeTar(out string, all []member) error {
	slices.SortFunc(all, func(a, b member) int { return cmp.Compare(a.name, b.name) })
	return atomicfile.Write(out, 0o644, func(f *os.File) error {
		buffer := bufio.NewWriterSize(f, 1<<20)
		w := tar.NewWriter(buffer)
		for _, m := range all {
			if err := m.write(w); err != nil {
				return fmt.Errorf("put %s into the tree: %w", m.name, err)
			}
		}
		if err := w.Close(); err != nil {
			return err
		}
		return buffer.Flush()
	})
}

func (m member) write(w *tar.Writer) error {
	header := &tar.Header{Name: m.name, Size: int64(len(m.text)), Mode: 0o644, Typeflag: tar.TypeReg}
	content := io.Reader(strings.NewReader(m.text))
	if m.file != "" {
		f, err := os.Open(m.file)
		if err != nil {
			return err
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() {
			return fmt.Errorf("%s is not a regular file", m.file)
		}
		if info.Mode()&0o100 != 0 {
			header.Mode = 0o755
		}
		header.Size = info.Size()
		content = f
	}
	if err := w.WriteHeader(header); err != nil {
		return err
	}
	_, err := io.Copy(w, content)
	return err
}
