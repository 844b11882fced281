// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/xz"
)

// tarTree is a tar archive of kernel files, plain or gzip'ed. Opening it reads
// the headers; load reads the contents that are wanted in one more pass.
type tarTree struct {
	file    string // its name, for messages
	open    func() (io.ReadSeekCloser, error)
	entries map[string]tarEntry // by path in the kernel tree
	dirs    map[string][]string // the names in each directory, "" for the top
	content map[string][]byte
}

type tarEntry struct {
	dir   bool
	other bool   // a device or the like, which is no error unless it is wanted
	link  string // a link's target, as a path in the tree
}

func openTarTree(file string, open func() (io.ReadSeekCloser, error)) (*tarTree, error) {
	t := &tarTree{
		file:    file,
		open:    open,
		entries: map[string]tarEntry{"": {dir: true}},
		dirs:    make(map[string][]string),
		content: make(map[string][]byte),
	}
	if err := t.scan(t.index); err != nil {
		return nil, fmt.Errorf("read tree %s: %w", file, err)
	}
	for _, names := range t.dirs {
		slices.Sort(names)
	}
	return t, nil
}

// scan calls do for each member.
func (t *tarTree) scan(do func(name string, h *tar.Header, r io.Reader) error) (err error) {
	f, err := t.open()
	if err != nil {
		return err
	}
	defer f.Close()
	magic := make([]byte, len(xz.Magic))
	n, err := io.ReadFull(f, magic)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	var r io.Reader = f // tar skips over content by seeking
	var zipped io.Reader
	switch {
	case bytes.HasPrefix(magic[:n], []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(bufio.NewReaderSize(f, 1<<20))
		if err != nil {
			return err
		}
		r, zipped = z, z
	case bytes.HasPrefix(magic[:n], []byte(xz.Magic)):
		return errors.New("it is compressed with xz, expected a directory, or a tar archive that is plain or gzip'ed")
	}
	tr := tar.NewReader(r)
	for {
		h, err := tr.Next()
		if err == io.EOF {
			return drain(zipped)
		}
		if err != nil {
			return fmt.Errorf("%w (expected a directory, or a tar archive that is plain or gzip'ed)", err)
		}
		if h.Typeflag == tar.TypeXGlobalHeader {
			continue
		}
		name, err := memberPath(h.Name)
		if err == nil {
			err = do(name, h, tr)
		}
		if err != nil {
			return fmt.Errorf("member %q: %w", h.Name, err)
		}
	}
}

// drain reads what is behind the end of the archive: gzip's sum and length are
// compared when all has been read. r is nil for an archive that has none.
func drain(r io.Reader) error {
	if r == nil {
		return nil
	}
	if _, err := io.Copy(io.Discard, r); err != nil {
		return fmt.Errorf("%w: it is damaged or cut short; get it again", err)
	}
	return nil
}

// memberPath returns the path in the tree that a member's name stands for.
func memberPath(name string) (string, error) {
	if path.IsAbs(name) || slices.Contains(strings.Split(name, "/"), "..") {
		return "", errors.New("its name leads out of the tree, expected one such as include/linux/kernel.h")
	}
	clean := path.Clean(name)
	if clean == "." {
		clean = ""
	}
	return clean, nil
}

func (t *tarTree) index(name string, h *tar.Header, _ io.Reader) error {
	e := tarEntry{}
	switch h.Typeflag {
	case tar.TypeReg:
	case tar.TypeDir:
		e.dir = true
	case tar.TypeSymlink:
		if path.IsAbs(h.Linkname) {
			e.link = h.Linkname
		} else {
			e.link = path.Join(path.Dir(name), h.Linkname)
		}
	case tar.TypeLink:
		e.link = path.Clean(h.Linkname)
	default:
		e.other = true
	}
	if old, ok := t.entries[name]; ok {
		if old.dir && e.dir {
			return nil
		}
		return errors.New("it is there twice")
	}
	t.entries[name] = e
	for name != "" { // the directories above need not be members
		above := ""
		if i := strings.LastIndexByte(name, '/'); i >= 0 {
			above = name[:i]
		}
		t.dirs[above] = append(t.dirs[above], name[len(above)+min(1, len(above)):])
		if old, ok := t.entries[above]; ok {
			if !old.dir && old.link == "" {
				return fmt.Errorf("it is below the file %s", above)
			}
			return nil
		}
		t.entries[above] = tarEntry{dir: true}
		name = above
	}
	return nil
}

// resolve follows links, in every component of a name.
func (t *tarTree) resolve(name string) (string, tarEntry, error) {
	const maxLinks = 40 // as in the kernel's include/linux/namei.h, MAXSYMLINKS
	rest, done := name, ""
	for links := 0; ; {
		first, more, found := strings.Cut(rest, "/")
		at := path.Join(done, first)
		e, ok := t.entries[at]
		if at == "" {
			e, ok = tarEntry{dir: true}, true
		}
		if !ok {
			return "", tarEntry{}, fmt.Errorf("follow link %s: its target %s is not in the archive", t.where(name), at)
		}
		if e.link != "" {
			if links++; links > maxLinks {
				return "", tarEntry{}, fmt.Errorf("follow link %s: it leads round in a circle", t.where(name))
			}
			if path.IsAbs(e.link) || e.link == ".." || strings.HasPrefix(e.link, "../") {
				return "", tarEntry{}, fmt.Errorf("follow link %s: its target %s is not in the archive", t.where(name), e.link)
			}
			rest, done = path.Join(e.link, more), ""
			if rest == "." {
				rest = ""
			}
			continue
		}
		if !found {
			return at, e, nil
		}
		rest, done = more, at
	}
}

func (t *tarTree) list(dir string, want func(string) bool) ([]item, error) {
	real, _, err := t.resolve(dir)
	if err != nil {
		return nil, err
	}
	if real != dir && (real == "" || strings.HasPrefix(dir, real+"/")) {
		return nil, fmt.Errorf("walk %s: a link makes it the same directory as %q above it", t.where(dir), real)
	}
	var items []item
	for _, name := range t.dirs[real] {
		if !want(name) {
			continue
		}
		_, e, err := t.resolve(path.Join(dir, name))
		if err != nil {
			return nil, err
		}
		if e.other {
			return nil, fmt.Errorf("read %s: it is neither a file nor a directory", t.where(path.Join(dir, name)))
		}
		items = append(items, item{name, e.dir})
	}
	return items, nil
}

func (t *tarTree) where(name string) string { return t.file + "(" + name + ")" }

func (t *tarTree) load(names []string) error {
	wanted := make(map[string]bool)
	for _, name := range names {
		real, _, err := t.resolve(name)
		if err != nil {
			return err
		}
		if _, ok := t.content[real]; !ok {
			wanted[real] = true
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	err := t.scan(func(name string, h *tar.Header, r io.Reader) error {
		if !wanted[name] {
			return nil
		}
		if h.Size > maxFile {
			return fmt.Errorf("it has %d bytes, expected at most %d", h.Size, maxFile)
		}
		// The buffer grows with what there is: a size that lies costs nothing.
		b := bytes.NewBuffer(make([]byte, 0, min(h.Size, 1<<20)+bytes.MinRead))
		if _, err := b.ReadFrom(r); err != nil {
			return err
		}
		t.content[name] = b.Bytes()
		return nil
	})
	if err != nil {
		return fmt.Errorf("read tree %s: %w", t.file, err)
	}
	return nil
}

func (t *tarTree) read(dst []byte, name string) ([]byte, error) {
	real, _, err := t.resolve(name)
	if err != nil {
		return nil, err
	}
	p, ok := t.content[real]
	if !ok {
		return nil, fmt.Errorf("read %s: it was not loaded", t.where(name))
	}
	return append(dst, p...), nil
}
