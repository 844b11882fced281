// SPDX-License-Identifier: Apache-2.0

package container

import (
	"archive/tar"
	"bytes"
	"cmp"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"

	"github.com/rules-kheaders/rules_kheaders/internal/archive/ustar"
	"github.com/rules-kheaders/rules_kheaders/internal/archive/xz"
)

// Tar returns the decoded tar archive: the marker, the content, and the end of
// the archive. The bytes are to be trusted only when io.EOF has been read,
// which means that the content has the digest in the marker.
func (a *Archive) Tar() io.Reader {
	return io.MultiReader(bytes.NewReader(a.Marker.member()), &checked{a: a, r: xz.OpenAll(a.Content), digest: sha256.New()}, bytes.NewReader(zeros[:minFill]))
}

// checked reads content up to an error, if that has not the digest that a says.
type checked struct {
	a      *Archive
	r      io.Reader
	digest hash.Hash
}

func (c *checked) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.digest.Write(p[:n])
	if err == io.EOF {
		err = cmp.Or(c.a.checkDigest(c.digest), err)
	}
	return n, err
}

func (a *Archive) checkDigest(digest hash.Hash) error {
	if got := [32]byte(digest.Sum(nil)); got != a.Marker.Content {
		return fmt.Errorf("content has sha256 %x: the marker says %x", got, a.Marker.Content)
	}
	return nil
}

// Verify decodes the content and compares it with the marker: the digest, and
// the number of members, which have to fill it to its end.
func (a *Archive) Verify() error {
	digest := sha256.New()
	members, err := countMembers(io.TeeReader(xz.OpenAll(a.Content), digest))
	if err == nil {
		err = a.checkDigest(digest)
	}
	if err != nil {
		return fmt.Errorf("verify archive: %w", err)
	}
	if members != a.Marker.Members {
		return fmt.Errorf("verify archive: content has %d members: the marker says %d", members, a.Marker.Members)
	}
	return nil
}

// countMembers counts the members of a tar archive that has no end of archive,
// and reads r to its end.
func countMembers(r io.Reader) (int, error) {
	in := &position{r: r}
	tr := tar.NewReader(in)
	for members := 0; ; members++ {
		// Where the next header has to begin. A reader that is at its end
		// there has met neither an end of archive nor anything that it skips.
		end := (in.n + ustar.BlockSize - 1) / ustar.BlockSize * ustar.BlockSize
		_, err := tr.Next()
		if err == io.EOF {
			if in.n != end {
				return 0, fmt.Errorf("content has an end of archive at byte %d", end)
			}
			return members, nil
		}
		if err != nil {
			return 0, fmt.Errorf("content, member %d: %w", members, err)
		}
		if _, err := io.Copy(io.Discard, tr); err != nil {
			return 0, fmt.Errorf("content, member %d: %w", members, err)
		}
	}
}

// position counts what is read.
type position struct {
	r io.Reader
	n int64
}

func (p *position) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	p.n += int64(n)
	return n, err
}
