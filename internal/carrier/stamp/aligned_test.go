// SPDX-License-Identifier: Apache-2.0

package stamp

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"
)

// recorder is a file that remembers where writes ended.
type recorder struct {
	p    []byte
	ends []int64
	fail error
}

func (r *recorder) WriteAt(p []byte, off int64) (int, error) {
	if r.fail != nil {
		return 0, r.fail
	}
	copy(r.p[off:], p)
	r.ends = append(r.ends, off+int64(len(p)))
	return len(p), nil
}

func TestAlignedWriter(t *testing.T) {
	content := bytes.Repeat([]byte("kheaders"), 100_000) // 3 pieces and a bit
	for _, off := range []int64{0, 1, alignment - 1, alignment, 3*alignment + 77} {
		for _, tt := range []struct {
			name  string
			write func(w *alignedWriter) error
		}{
			{"Write", func(w *alignedWriter) error { _, err := w.Write(content); return err }},
			{"Write in parts", func(w *alignedWriter) error {
				for at := 0; at < len(content); at += 1000 {
					if n, err := w.Write(content[at : at+1000]); n != 1000 || err != nil {
						return errors.Join(io.ErrShortWrite, err)
					}
				}
				return nil
			}},
			{"ReadFrom", func(w *alignedWriter) error {
				if _, err := w.Write(content[:500]); err != nil {
					return err
				}
				n, err := w.ReadFrom(iotest.HalfReader(bytes.NewReader(content[500:])))
				if n != int64(len(content)-500) {
					t.Errorf("ReadFrom = %d", n)
				}
				return err
			}},
		} {
			file := &recorder{p: make([]byte, off+int64(len(content)))}
			var also bytes.Buffer
			w := newAlignedWriter(file, off, &also)
			if err := errors.Join(tt.write(w), w.Flush()); err != nil {
				t.Errorf("%s at %d: %v", tt.name, off, err)
			}
			if !bytes.Equal(file.p[off:], content) || !bytes.Equal(also.Bytes(), content) {
				t.Errorf("%s at %d: other bytes were written", tt.name, off)
			}
			for _, end := range file.ends[:len(file.ends)-1] {
				if end%alignment != 0 {
					t.Errorf("%s at %d: a write ends at %d, want a multiple of %d", tt.name, off, end, alignment)
				}
			}
		}
	}
}

func TestAlignedWriterErrors(t *testing.T) {
	full, broken := errors.New("no space left on device"), errors.New("input/output error")
	w := newAlignedWriter(&recorder{fail: full}, 5, io.Discard)
	if n, err := w.Write(make([]byte, 2*alignment)); n >= 2*alignment || err != full {
		t.Errorf("Write = %d, %v; want %v", n, err, full)
	}
	w = newAlignedWriter(&recorder{fail: full}, 5, io.Discard)
	if _, err := w.ReadFrom(bytes.NewReader(make([]byte, 2*alignment))); err != full {
		t.Errorf("ReadFrom: got %v, want %v", err, full)
	}
	w = newAlignedWriter(&recorder{p: make([]byte, 10)}, 5, io.Discard)
	if n, err := w.ReadFrom(io.MultiReader(bytes.NewReader(make([]byte, 3)), iotest.ErrReader(broken))); n != 3 || err != broken {
		t.Errorf("ReadFrom of a file that breaks = %d, %v; want 3, %v", n, err, broken)
	}
}
