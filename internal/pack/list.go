// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"archive/tar"
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/carrier"
	"github.com/rules-kheaders/rules_kheaders/internal/carrier/unwrap"
	"github.com/rules-kheaders/rules_kheaders/internal/manifest"
	"github.com/rules-kheaders/rules_kheaders/internal/reservation"
	"github.com/rules-kheaders/rules_kheaders/internal/xz"
)

// List returns the manifest of a file: one of our archives, any .tar.xz, a
// carrier of one, or a manifest itself. An archive of ours is verified.
func List(file string) ([]manifest.Entry, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("list members: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("list members: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("list members of %s: it is not a file, expected an archive, a carrier or a manifest", file)
	}
	entries, err := list(f, info.Size(), file)
	if err != nil {
		return nil, fmt.Errorf("list members of %s: %w", file, err)
	}
	return entries, nil
}

func list(f *os.File, size int64, name string) ([]manifest.Entry, error) {
	head := make([]byte, 6)
	n, err := f.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return nil, err
	}
	head = head[:n]
	if len(head) > 4 && strings.Trim(string(head[:4]), "01234567") == "" && head[4] == ' ' {
		p, err := io.ReadAll(f)
		if err != nil {
			return nil, err
		}
		return manifest.Parse(name, p)
	}
	at, err := find(f, size)
	if err != nil {
		return nil, err
	}
	return listArchive(at)
}

// find returns the archive in a file, which may be one, carry one, or wrap what
// carries one: a bzImage, a compressed Image, a boot image.
func find(r io.ReaderAt, size int64) (*io.SectionReader, error) {
	const maxLayers = 4
	for depth := 0; ; depth++ {
		head := make([]byte, 6)
		n, err := r.ReadAt(head, 0)
		if err != nil && err != io.EOF {
			return nil, err
		}
		if at := io.NewSectionReader(r, 0, size); string(head[:n]) == xz.Magic && isTar(at) {
			return at, nil
		}
		region, err := carrier.Locate(r, size, carrier.Options{})
		if err == nil {
			return io.NewSectionReader(r, region.Offset, region.Size), nil
		}
		var wrapped *carrier.WrappedError
		if !errors.As(err, &wrapped) || depth == maxLayers {
			return nil, err
		}
		inner, err := unwrap.Open(r, size)
		if errors.Is(err, unwrap.ErrNone) {
			err = wrapped
		}
		if err != nil {
			return nil, err
		}
		r, size = inner, inner.Size
	}
}

// isTar reports whether a tar archive begins in an xz file; a kernel can be
// compressed with xz as well.
func isTar(r io.Reader) bool {
	z, err := xz.NewReader(bufio.NewReaderSize(r, 1<<16))
	if err != nil {
		return false
	}
	_, err = tar.NewReader(z).Next()
	return err == nil
}

func listArchive(r *io.SectionReader) ([]manifest.Entry, error) {
	if r.Size() <= reservation.MaxCapacity {
		p, err := io.ReadAll(r)
		if err != nil {
			return nil, err
		}
		if a, err := reservation.Parse(p); err == nil {
			if err := a.Verify(); err != nil {
				return nil, err
			}
			return listTar(a.Tar())
		}
		if _, err := r.Seek(0, io.SeekStart); err != nil {
			return nil, err
		}
	}
	z, err := xz.NewReader(bufio.NewReaderSize(r, 1<<16))
	if err != nil {
		return nil, err
	}
	return listTar(z)
}

// listTar returns the entries of a tar archive without the marker. Directories
// and links have no content and are passed over.
func listTar(r io.Reader) ([]manifest.Entry, error) {
	var entries []manifest.Entry
	tr := tar.NewReader(r)
	for {
		h, err := tr.Next()
		if err == io.EOF {
			return entries, nil
		}
		if err != nil {
			return nil, err
		}
		name := strings.TrimPrefix(h.Name, "./")
		if h.Typeflag != tar.TypeReg || name == reservation.MemberName {
			continue
		}
		digest := sha256.New()
		size, err := io.Copy(digest, tr)
		if err != nil {
			return nil, err
		}
		e := manifest.Entry{Mode: uint32(h.Mode & 0o7777), Size: size, Name: name}
		copy(e.SHA256[:], digest.Sum(nil))
		entries = append(entries, e)
	}
}
