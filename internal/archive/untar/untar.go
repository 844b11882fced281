// SPDX-License-Identifier: Apache-2.0

// Package untar unpacks a tar stream into a directory of its own, and trusts
// nothing in it.
//
// A tar made elsewhere can name files outside the directory, reach outside
// through a link, overwrite what is there, and claim sizes that it does not
// have (CVE-2024-2313 and CVE-2024-2314 were unpacked kheaders). Here every
// name is checked before it is used, files are created exclusively through
// descriptors of directories that were made for them, links are made last so
// that nothing is ever written through one, and the output is bounded.
package untar

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/cli/claim"
	"github.com/rules-kheaders/rules_kheaders/internal/cli/cleanup"
)

// Limits bound what a tar may make of the disk.
type Limits struct {
	Bytes   int64 // of the tar stream, and so of all files together
	Members int   // files, directories and links, those implied by a path included
}

// Counts say what was unpacked.
type Counts struct {
	Files, Directories, Links int
	Bytes                     int64 // of the files
}

// Modes of what is made: a tar's setuid and write bits for others are not kept.
const (
	modeDir  fs.FileMode = 0o755
	modeFile fs.FileMode = 0o644
	modeExec fs.FileMode = 0o755
)

const (
	// maxName is Linux's PATH_MAX in bytes.
	maxName = 4096
	// maxDepth bounds the parts of a name, each of which is a directory to
	// open; the deepest header of Linux has 9.
	maxDepth = 64
	// maxNames bounds all names together, in bytes: those of a kernel's whole tree have
	// 3 MiB.
	maxNames = 16 << 20
)

// extractor is one run.
type extractor struct {
	to     *tree
	limits Limits
	counts Counts
	seen   map[string]member // by cleaned name; "." is the directory itself
	links  []link
	names  int // bytes
	buf    []byte
}

type member struct {
	mode    fs.FileMode // the type alone
	size    int64       // bytes of a regular file
	implied bool        // a directory that only a longer name told of
}

type link struct{ name, target string }

// Extract unpacks a tar stream into the directory dir, which must not exist or
// be empty. On failure nothing is left in it, and it is not left behind if it
// did not exist; package cleanup sees to it when a signal ends the program, and the
// next Extract into dir when the program was killed. Of several at a time into one
// directory, one succeeds. At the end, dir holds what was unpacked and nothing else.
//
// Members may be regular files, directories, and symbolic links whose targets
// are relative and stay inside dir. Anything else, a name that is absolute or
// has "..", and a name that comes twice, are errors.
func Extract(dir string, r io.Reader, limits Limits) (counts Counts, err error) {
	var to *tree
	done, err := cleanup.Make(func() (undo func(), err error) {
		to, err = create(dir)
		return func() { to.removeAtWork() }, err
	})
	if err != nil {
		return Counts{}, err
	}
	defer func() {
		err = to.finish(err)
		done()
	}()
	x := &extractor{
		to:     to,
		limits: limits,
		seen:   map[string]member{".": {mode: fs.ModeDir, implied: true}},
		buf:    make([]byte, 256<<10),
	}
	r = &bounded{r, limits.Bytes}
	in := tar.NewReader(r)
	for {
		hdr, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Counts{}, fmt.Errorf("read tar: %w", err)
		}
		if err := x.member(hdr, in); err != nil {
			return Counts{}, err
		}
	}
	if err := x.drain(r); err != nil {
		return Counts{}, err
	}
	for _, l := range x.links {
		if err := to.symlink(l.name, l.target); err != nil {
			return Counts{}, err
		}
	}
	return x.counts, to.check(x.seen)
}

// bounded fails, rather than ends, where a stream is longer than it may be.
type bounded struct {
	r    io.Reader
	left int64 // bytes
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, errors.New("stream is longer than the archive declares or the limit allows")
	}
	return n, err
}

// drain reads what follows the end of the archive: a decoder finds damage, and
// a size that was a lie, only at its end. It must be blocks of zeros.
func (x *extractor) drain(r io.Reader) error {
	for {
		n, err := r.Read(x.buf)
		for _, c := range x.buf[:n] {
			if c != 0 {
				return errors.New("read tar: data after the end of the archive: expected zeros")
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read tar: %w", err)
		}
	}
}

// member unpacks one member.
func (x *extractor) member(hdr *tar.Header, in io.Reader) error {
	if hdr.Typeflag == tar.TypeXGlobalHeader {
		return nil
	}
	name, err := clean(hdr.Name)
	if err != nil {
		return err
	}
	if x.names += len(name); x.names > maxNames {
		return fmt.Errorf("unpack %q: the names have more than %d bytes", name, maxNames)
	}
	if err := x.claim(name, hdr.FileInfo().Mode().Type()); err != nil {
		return err
	}
	switch hdr.Typeflag {
	case tar.TypeDir:
		return nil // claim made it
	case tar.TypeReg:
		if sparse(hdr) {
			return fmt.Errorf("unpack %q: member is a sparse file: expected plain files, directories and relative links", name)
		}
		return x.file(name, hdr, in)
	case tar.TypeSymlink:
		if err := checkTarget(name, hdr.Linkname); err != nil {
			return err
		}
		x.links = append(x.links, link{name, hdr.Linkname})
		x.counts.Links++
		return nil
	}
	return fmt.Errorf("unpack %q: member is %s: expected plain files, directories and relative links", name, typeName(hdr.Typeflag))
}

// file writes a regular file's content.
func (x *extractor) file(name string, hdr *tar.Header, in io.Reader) error {
	if hdr.Size < 0 || hdr.Size > x.limits.Bytes-x.counts.Bytes {
		return fmt.Errorf("unpack %q: member claims %d bytes, the archive has %d in all: damaged or malicious archive", name, hdr.Size, x.limits.Bytes)
	}
	mode := modeFile
	if hdr.Mode&0o100 != 0 {
		mode = modeExec
	}
	n, err := x.to.file(name, mode, in, x.buf)
	if err != nil {
		return err
	}
	if n != hdr.Size {
		return fmt.Errorf("unpack %q: member has %d bytes, its header says %d: damaged archive", name, n, hdr.Size)
	}
	x.seen[name] = member{size: n}
	x.counts.Files++
	x.counts.Bytes += n
	return nil
}

// claim takes a name for a member and makes the directories that it needs.
func (x *extractor) claim(name string, mode fs.FileMode) error {
	dir := mode.IsDir()
	old, ok := x.seen[name]
	if ok && !(dir && old.mode.IsDir() && old.implied) {
		if old.mode.IsDir() != dir {
			return fmt.Errorf("unpack %q: name is both a directory and something else", name)
		}
		return fmt.Errorf("unpack %q: name comes twice: expected each member once", name)
	}
	if !ok {
		parent := path.Dir(name)
		if p, ok := x.seen[parent]; ok && !p.mode.IsDir() {
			return fmt.Errorf("unpack %q: %q is no directory but a file or a link", name, parent)
		} else if !ok {
			if err := x.claim(parent, fs.ModeDir); err != nil {
				return err
			}
			x.seen[parent] = member{mode: fs.ModeDir, implied: true}
		}
		if len(x.seen) > x.limits.Members {
			return fmt.Errorf("unpack %q: more than %d members", name, x.limits.Members)
		}
		if dir {
			if err := x.to.mkdir(name); err != nil {
				return err
			}
			x.counts.Directories++
		}
	}
	x.seen[name] = member{mode: mode}
	return nil
}

// clean checks a member's name and returns it without "./" and a final slash;
// "." stands for the directory itself.
func clean(name string) (string, error) {
	switch {
	case name == "":
		return "", errors.New("unpack member: name is empty")
	case len(name) > maxName:
		return "", fmt.Errorf("unpack %q...: name has %d bytes, expected at most %d", name[:64], len(name), maxName)
	case strings.ContainsRune(name, 0):
		return "", fmt.Errorf("unpack %q: name has a NUL byte", name)
	case path.IsAbs(name):
		return "", fmt.Errorf("unpack %q: name is absolute: expected one inside the directory", name)
	case path.Clean(name) == claim.Mark:
		return "", fmt.Errorf("unpack %q: name is that of the mark of an unfinished directory", name)
	}
	parts := strings.Split(name, "/")
	if len(parts) > maxDepth {
		return "", fmt.Errorf("unpack %q...: name has %d parts, expected at most %d", name[:64], len(parts), maxDepth)
	}
	for _, part := range parts {
		if part == ".." {
			return "", fmt.Errorf("unpack %q: name has '..': expected one inside the directory", name)
		}
	}
	return path.Clean(name), nil
}

// checkTarget fails unless the link's target stays inside the directory
// wherever other links lead: its ".." all come first and are no more than the
// link's own depth. Parents of members are real directories, so each of those
// ".." climbs one real level, and a name after them can only be a real entry or
// another link of which the same holds.
func checkTarget(name, target string) error {
	bad := func(why string) error {
		return fmt.Errorf("unpack %q: link to %q %s: expected a relative link that stays inside the directory", name, target, why)
	}
	switch {
	case target == "":
		return bad("has no target")
	case len(target) > maxName || strings.ContainsRune(target, 0):
		return bad("is malformed")
	case path.IsAbs(target):
		return bad("is absolute")
	}
	depth := strings.Count(name, "/")
	descended := false
	for _, part := range strings.Split(target, "/") {
		switch {
		case part == "" || part == ".":
		case part != "..":
			descended = true
		case descended:
			return bad("climbs after a name")
		default:
			if depth--; depth < 0 {
				return bad("leads outside")
			}
		}
	}
	return nil
}

// sparse says whether the member's size is not what the stream holds for it: a
// few bytes could claim a disk full of zeros.
func sparse(hdr *tar.Header) bool {
	for key := range hdr.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return true
		}
	}
	return false
}

func typeName(flag byte) string {
	switch flag {
	case tar.TypeLink:
		return "a hard link"
	case tar.TypeChar, tar.TypeBlock:
		return "a device"
	case tar.TypeFifo:
		return "a FIFO"
	case tar.TypeGNUSparse:
		return "a sparse file"
	}
	return fmt.Sprintf("of type %q", flag)
}
