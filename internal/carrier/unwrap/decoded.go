// SPDX-License-Identifier: Apache-2.0

package unwrap

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/rules-kheaders/rules_kheaders/internal/cli/cleanup"
)

const (
	// piece is how many bytes of what is decoded are in one slice.
	piece = 1 << 20
	// maxPieces is how many slices are in memory; what is behind them is in a file.
	maxPieces = 16
)

// decoded is what was decoded.
type decoded struct {
	pieces [][]byte
	file   *os.File // nil if there is nothing behind them; it has no name any more
	size   int64    // bytes
}

func (d *decoded) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) && off < d.size {
		i := int(off / piece)
		if i >= len(d.pieces) {
			k, err := d.file.ReadAt(p[n:min(int64(len(p)), int64(n)+d.size-off)], off-maxPieces*piece)
			n, off = n+k, off+int64(k)
			if err != nil {
				return n, fmt.Errorf("read temporary file: %w", err)
			}
			continue
		}
		k := copy(p[n:], d.pieces[i][off%piece:])
		n, off = n+k, off+int64(k)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Close removes the file.
func (d *decoded) Close() error {
	if d.file == nil {
		return nil
	}
	return d.file.Close()
}

// closer returns what closes in, if readAll made it.
func closer(in *io.SectionReader) io.Closer {
	outer, _, _ := in.Outer()
	c, _ := outer.(*decoded)
	if c == nil {
		return nil
	}
	return c
}

// readAll reads to the end, which has to come after at most limit bytes.
func readAll(r io.Reader, limit int64) (in *io.SectionReader, err error) {
	r = io.LimitReader(r, limit+1)
	d := &decoded{}
	defer func() {
		if err != nil {
			d.Close()
		}
	}()
	p := make([]byte, piece)
	for {
		n, err := readPiece(r, p)
		if err != nil && err != io.EOF {
			return nil, err
		}
		if d.size += int64(n); d.size > limit {
			return nil, fmt.Errorf("more than %d bytes: expected a kernel", limit)
		}
		if failed := d.add(p[:n]); failed != nil {
			return nil, failed
		}
		if err == io.EOF {
			return io.NewSectionReader(d, 0, d.size), nil
		}
		if len(d.pieces) <= maxPieces && &d.pieces[len(d.pieces)-1][0] == &p[0] {
			p = make([]byte, piece) // for that one is kept
		}
	}
}

// readPiece fills p, or returns io.EOF. It is not io.ReadFull, whose error for an end
// within the piece is that for data that is cut off.
func readPiece(r io.Reader, p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		var k int
		k, err = r.Read(p[n:])
		n += k
	}
	return n, err
}

var zeros [piece]byte

// add adds a piece, the last of which may be short. The file has holes for zeros.
func (d *decoded) add(p []byte) error {
	if len(d.pieces) < maxPieces {
		d.pieces = append(d.pieces, p)
		return nil
	}
	if len(p) == 0 {
		return nil
	}
	if d.file == nil {
		f, err := temporary()
		if err != nil {
			return fmt.Errorf("make temporary file: %w", err)
		}
		d.file = f
	}
	end := d.size - maxPieces*piece
	var err error
	if bytes.Equal(p, zeros[:len(p)]) {
		err = d.file.Truncate(end)
	} else {
		_, err = d.file.WriteAt(p, end-int64(len(p)))
	}
	if err != nil {
		return fmt.Errorf("write temporary file in %s: %w; set TMPDIR to a directory with room", os.TempDir(), cause(err))
	}
	return nil
}

// cause takes the name of the file, which there is no more, out of an error.
func cause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// temporary returns a file without a name, which is gone when the program is.
func temporary() (f *os.File, err error) {
	done, err := cleanup.Make(func() (undo func(), err error) {
		if f, err = os.CreateTemp("", "rules_kheaders-*"); err != nil {
			return nil, err
		}
		if err := os.Remove(f.Name()); err != nil {
			f.Close()
			return nil, err
		}
		return func() {}, nil
	})
	if err != nil {
		return nil, err
	}
	done()
	return f, nil
}
