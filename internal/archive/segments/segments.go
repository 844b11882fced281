// SPDX-License-Identifier: Apache-2.0

// Package segments keeps compressed segments of archives in a directory, for the
// next run of the packer.
package segments

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/rules-kheaders/rules_kheaders/internal/archive/lzma2"
	"github.com/rules-kheaders/rules_kheaders/internal/cli/atomicfile"
	"github.com/rules-kheaders/rules_kheaders/internal/cli/owndir"
)

const (
	// most is how many bytes a directory keeps: the segments of some fifty archives.
	most = 256 << 20
	// suffix is that of a segment's file; a file without is still being written, or
	// is what a killed run left.
	suffix    = ".segment"
	temporary = ".tmp-" // of package atomicfile
	stale     = time.Hour
)

// dir is a directory with a file for each segment, which has the digest of its
// content in front. A file that is damaged is as one that is not there, and one
// that cannot be written is not kept: an archive does not depend on either.
type dir struct {
	path    string
	version [sha256.Size]byte // of the encoder
}

// Open returns the directory, and makes it if it does not exist. It has to be the
// user's own, with mode 0700: what is in it becomes part of an archive. Segments of
// another build of the program that runs are not seen.
func Open(path string) (lzma2.Store, error) {
	if err := owndir.Make(path); err != nil {
		return nil, err
	}
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	f, err := os.Open(program)
	if err != nil {
		return nil, fmt.Errorf("read this program: %w", err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return nil, fmt.Errorf("read this program: %w", err)
	}
	d := &dir{path: path, version: [sha256.Size]byte(h.Sum(nil))}
	d.trim(most)
	return d, nil
}

func (d *dir) file(key [sha256.Size]byte) string {
	return filepath.Join(d.path, fmt.Sprintf("%x", sha256.Sum256(append(key[:], d.version[:]...)))+suffix)
}

// Get implements [lzma2.Store].
func (d *dir) Get(key [sha256.Size]byte) []byte {
	name := d.file(key)
	p, err := os.ReadFile(name)
	if err != nil || len(p) <= sha256.Size {
		return nil
	}
	sum, segment := p[:sha256.Size], p[sha256.Size:]
	if want := sha256.Sum256(segment); !bytes.Equal(sum, want[:]) {
		return nil
	}
	now := time.Now()
	_ = os.Chtimes(name, now, now) // those that were not used for longest go first
	return segment
}

// Put implements [lzma2.Store].
func (d *dir) Put(key [sha256.Size]byte, segment []byte) {
	sum := sha256.Sum256(segment)
	_ = atomicfile.WriteBytes(d.file(key), 0o600, append(sum[:], segment...))
}

// trim removes what a killed run left, and the segments that were not used for
// longest until the others have limit bytes at most.
func (d *dir) trim(limit int64) {
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return
	}
	var files []fs.FileInfo
	size := int64(0)
	for _, e := range entries {
		info, err := e.Info()
		switch {
		case err != nil:
		case strings.HasSuffix(e.Name(), suffix):
			files = append(files, info)
			size += info.Size()
		case strings.HasPrefix(e.Name(), temporary) && time.Since(info.ModTime()) > stale:
			_ = os.Remove(filepath.Join(d.path, e.Name()))
		}
	}
	slices.SortFunc(files, func(a, b fs.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	for _, f := range files {
		if size <= limit {
			return
		}
		_ = os.Remove(filepath.Join(d.path, f.Name()))
		size -= f.Size()
	}
}
