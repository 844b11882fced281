// SPDX-License-Identifier: Apache-2.0

package stamp

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/rules-kheaders/rules_kheaders/internal/carrier"
)

// Verdict is Info and what was verified beyond it.
type Verdict struct {
	Info
	Verified bool   `json:"verified"`           // always true: a file that does not verify is an error
	Original string `json:"original,omitempty"` // what the rest of the file was compared with
}

// Verify decodes the archive in a carrier, what wraps one, or a file of its own, and
// compares it with the digest and the count in its marker. With original, the
// carrier before it was stamped, it also compares every byte outside the
// reservation, but for a module's signature that was dropped. A placeholder does not verify: a kernel that lost its stamp is
// what this is to find.
func Verify(path, original string, o carrier.Options) (*Verdict, error) {
	in, err := open(path, aFile)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	at, err := in.locateInside(o)
	if err != nil {
		return nil, err
	}
	if at.archive == nil {
		return nil, fmt.Errorf("verify %s: %s holds %s: expected an archive made by packer (%w)", path, where(at.Region), at.holds(), at.err)
	}
	if !at.archive.Marker.Stamped {
		return nil, fmt.Errorf("verify %s: %s holds a placeholder: expected a stamped archive", path, where(at.Region))
	}
	// The names, for files of the same bytes may be one where they are stored by their digest.
	if original != "" && filepath.Clean(original) == filepath.Clean(path) {
		return nil, fmt.Errorf("verify %s: original %s is the same file: expected the carrier before it was stamped", path, original)
	}
	if err := at.archive.Verify(); err != nil {
		return nil, fmt.Errorf("verify %s: %w", path, err)
	}
	if original != "" && at.wrapped {
		return nil, fmt.Errorf("verify %s: the file is %s: expected an uncompressed carrier to compare with %s", path, at.Kind, original)
	}
	if original != "" {
		if err := in.compare(original, at.Region, o); err != nil {
			return nil, fmt.Errorf("verify %s: %w", path, err)
		}
	}
	info, err := in.info(at)
	if err != nil {
		return nil, err
	}
	return &Verdict{Info: *info, Verified: true, Original: original}, nil
}

// CheckVerdict fails if out, where a verdict is to be written, is one of the files
// that Verify reads.
func CheckVerdict(out, path, original string) error {
	return cmp.Or(apart(out, path, "the file to verify"), apart(out, original, "the original"))
}

// compare fails unless the original has its reservation in the same place and
// the same bytes everywhere else.
func (in *input) compare(original string, region carrier.Region, o carrier.Options) error {
	orig, err := open(original, aCarrier)
	if err != nil {
		return err
	}
	defer orig.Close()
	before, err := carrier.Locate(orig, orig.size, o)
	if err != nil {
		return fmt.Errorf("find reservation in %s: %w", original, err)
	}
	if before.Offset != region.Offset || before.Size != region.Size {
		return fmt.Errorf("original %s has its reservation of %d bytes at offset %d, this file %d at %d: expected the same place", original, before.Size, before.Offset, region.Size, region.Offset)
	}
	size, err := orig.withoutSignatures()
	if err != nil {
		return err
	}
	if orig.size != in.size && size != in.size {
		return fmt.Errorf("original %s has %d bytes, this file %d: expected the same size", original, orig.size, in.size)
	}
	end := region.Offset + region.Size
	for _, part := range [][2]int64{{0, region.Offset}, {end, in.size}} {
		if err := sameBytes(in, orig, part[0], part[1]); err != nil {
			return err
		}
	}
	if before.Signed == carrier.Unsigned || orig.size != in.size {
		return nil
	}
	// The same signature covers other bytes, unless the region is as it was.
	if sameBytes(in, orig, region.Offset, end) != nil {
		return fmt.Errorf("the file has the signature of original %s (%s), which does not cover the archive: expected one made after the stamp, or none", original, before.Signed)
	}
	return nil
}

// sameBytes compares two files from offset to offset.
func sameBytes(a, b *input, from, to int64) error {
	x := io.NewSectionReader(a, from, to-from)
	y := io.NewSectionReader(b, from, to-from)
	p, q := make([]byte, 1<<20), make([]byte, 1<<20)
	for off := from; off < to; {
		n := min(to-off, int64(len(p)))
		if _, err := io.ReadFull(x, p[:n]); err != nil {
			return fmt.Errorf("read %s: %w", a.path, err)
		}
		if _, err := io.ReadFull(y, q[:n]); err != nil {
			return fmt.Errorf("read %s: %w", b.path, err)
		}
		if !bytes.Equal(p[:n], q[:n]) {
			for i := range p[:n] {
				if p[i] != q[i] {
					return errors.New(differ(b.path, off+int64(i)))
				}
			}
		}
		off += n
	}
	return nil
}

func differ(original string, off int64) string {
	return fmt.Sprintf("byte at offset %d, outside the reservation, is not that of %s: expected only the reservation to differ", off, original)
}
