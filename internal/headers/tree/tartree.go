// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/headers/secret"

	"github.com/rules-kheaders/rules_kheaders/internal/archive/decompress"
)

// tarTree is a tar archive of kernel files, plain or compressed. Opening it reads
// the headers; load reads the contents that are wanted in one more pass. Where
// several members have one name the last one counts, as when it is unpacked.
type tarTree struct {
	file    string // its name, for messages
	open    func() (io.ReadSeekCloser, error)
	entries map[string]tarEntry // by path in the kernel tree
	dirs    map[string][]string // the names in each directory, "" for the top
	content map[int][]byte      // by member
	removed int                 // directories that a file replaced
}

// tarEntry is a name in the tree.
type tarEntry struct {
	member int // the number of the member that has the content
	dir    bool
	other  bool   // a device or the like, which is no error unless it is wanted
	link   string // a symbolic link's target, as it is in the archive
}

func openTarTree(file string, open func() (io.ReadSeekCloser, error)) (*tarTree, error) {
	t := &tarTree{
		file:    file,
		open:    open,
		entries: map[string]tarEntry{"": {dir: true}},
		dirs:    make(map[string][]string),
		content: make(map[int][]byte),
	}
	if err := t.scan(t.index); err != nil {
		return nil, fmt.Errorf("read tree %s: %w", file, err)
	}
	for name := range t.entries {
		if name != "" {
			dir := above(name)
			t.dirs[dir] = append(t.dirs[dir], path.Base(name))
		}
	}
	for _, names := range t.dirs {
		slices.Sort(names)
	}
	return t, nil
}

// above returns the directory that a name is in, "" for the top.
func above(name string) string { return name[:max(0, strings.LastIndexByte(name, '/'))] }

// scan calls do for each member, with its number.
func (t *tarTree) scan(do func(member int, name string, h *tar.Header, r io.Reader) error) (err error) {
	f, err := t.open()
	if err != nil {
		return err
	}
	defer f.Close()
	magic := make([]byte, decompress.MagicSize)
	n, err := io.ReadFull(f, magic)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	var r io.Reader = f // tar skips over content by seeking
	var zipped io.Reader
	if c := decompress.Detect(magic[:n]); c != nil {
		if zipped, err = c.NewReader(f); err != nil {
			return err
		}
		r = zipped
	}
	tr := tar.NewReader(r)
	for member := 0; ; member++ {
		h, err := tr.Next()
		if err == io.EOF {
			return drain(zipped)
		}
		if err != nil {
			return fmt.Errorf("%w (expected a directory, or a tar archive, plain or compressed)", err)
		}
		if h.Typeflag == tar.TypeXGlobalHeader {
			continue
		}
		name, err := memberPath(h.Name)
		if err == nil {
			err = do(member, name, h, tr)
		}
		if err != nil {
			return fmt.Errorf("member %q: %w", h.Name, err)
		}
	}
}

// drain reads what is behind the end of the archive: a compressed file's sum is
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
	const maxName = 4096 // PATH_MAX: nothing longer could be unpacked
	if len(name) > maxName {
		return "", fmt.Errorf("its name has %d bytes, expected at most %d", len(name), maxName)
	}
	clean := path.Clean(name)
	if clean == "." {
		clean = ""
	}
	return clean, nil
}

// maxEarly bounds a file that isEarly accepts, in bytes.
const maxEarly = 4 << 20

// isEarly reports whether a file is one of those that are read one by one before
// the rest, for each of which a compressed archive would have to be decoded again.
func isEarly(name string) bool {
	switch base := path.Base(name); base {
	case "Makefile":
		return strings.Count(name, "/") <= 1
	default:
		return slices.ContainsFunc(earlyFiles, func(early string) bool { return base == path.Base(early) && strings.HasSuffix("/"+name, "/"+early) })
	}
}

var earlyFiles = slices.Concat([]string{ReleaseFile, UTSFile, AutoConf, AutoConfHeader}, secret.SeedFiles)

// index enters a member as unpacking it would: what has its name is replaced, and
// it is put where the links above it lead.
func (t *tarTree) index(member int, name string, h *tar.Header, r io.Reader) error {
	e := tarEntry{member: member}
	switch h.Typeflag {
	case tar.TypeReg, tar.TypeCont, tar.TypeGNUSparse:
		if isEarly(name) && h.Size <= maxEarly {
			var err error
			if t.content[member], err = io.ReadAll(r); err != nil {
				return err
			}
		}
	case tar.TypeDir:
		e.dir = true
	case tar.TypeSymlink:
		e.link = h.Linkname
		e.other = e.link == ""
	case tar.TypeLink:
		// Another name for what the target is now: it stays that when a later
		// member replaces the target.
		target, err := memberPath(h.Linkname)
		if err == nil {
			target, err = t.place(target)
		}
		if err != nil {
			return err
		}
		if linked, ok := t.entries[target]; ok && !linked.dir {
			e = linked
		} else { // that is an error if it is wanted
			e.link = strings.Repeat("../", strings.Count(name, "/")) + target
		}
	default:
		e.other = true
	}
	name, err := t.place(name)
	if err != nil {
		return err
	}
	old, there := t.entries[name]
	if there && old.dir {
		if e.dir {
			return nil
		}
		if name == "" {
			return errors.New("it is the top of the tree, and no directory")
		}
		if err := t.remove(name); err != nil {
			return err
		}
	}
	t.entries[name] = e
	return nil
}

// place returns where a member of a name is put: the name, with the links above it
// followed. The directories above it need not be members. What is in entries has
// only directories above it.
func (t *tarTree) place(name string) (string, error) {
	for links := 0; ; links++ {
		at := above(name) // the nearest that there is
		for at != "" {
			if _, ok := t.entries[at]; ok {
				break
			}
			at = above(at)
		}
		e := t.entries[at]
		if e.link != "" && links < maxLinks {
			real, _, err := t.resolve(at)
			if err != nil {
				return "", err
			}
			name = path.Join(real, strings.TrimPrefix(name, at+"/"))
			continue
		}
		if !e.dir {
			return "", fmt.Errorf("it is below the file %s", at)
		}
		for dir := above(name); dir != at; dir = above(dir) {
			t.entries[dir] = tarEntry{dir: true}
		}
		return name, nil
	}
}

// maxRemoved bounds the directories that files replace: for each one all names are
// looked at.
const maxRemoved = 1000

// remove removes a directory and all that is in it.
func (t *tarTree) remove(dir string) error {
	if t.removed++; t.removed > maxRemoved {
		return fmt.Errorf("it replaces a directory, as more than %d members do", maxRemoved)
	}
	for name := range t.entries {
		if name == dir || strings.HasPrefix(name, dir+"/") {
			delete(t.entries, name)
		}
	}
	return nil
}

// maxLinks is how many links are followed: the kernel's include/linux/namei.h,
// MAXSYMLINKS.
const maxLinks = 40

// resolve follows links, in every component of a name.
func (t *tarTree) resolve(name string) (string, tarEntry, error) {
	rest, done := name, ""
	for links := 0; ; {
		first, more, found := strings.Cut(rest, "/")
		at := path.Join(done, first)
		e, ok := t.entries[at]
		if at == "" {
			e, ok = tarEntry{dir: true}, true
		}
		if !ok {
			return "", tarEntry{}, fmt.Errorf("follow link %s: its target %s is not in the archive", t.Where(name), at)
		}
		if e.link != "" {
			if links++; links > maxLinks {
				return "", tarEntry{}, fmt.Errorf("follow link %s: symbolic links form a loop", t.Where(name))
			}
			target := e.link
			if !path.IsAbs(target) {
				target = path.Join(done, target)
			}
			if path.IsAbs(target) || target == ".." || strings.HasPrefix(target, "../") {
				return "", tarEntry{}, fmt.Errorf("follow link %s: its target %s is not in the archive", t.Where(name), target)
			}
			rest, done = path.Join(target, more), ""
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

func (t *tarTree) List(dir string, want func(string) bool) ([]Item, error) {
	real, _, err := t.resolve(dir)
	if err != nil {
		return nil, err
	}
	if real != dir && (real == "" || strings.HasPrefix(dir, real+"/")) {
		return nil, fmt.Errorf("walk %s: a link makes it the same directory as %q above it", t.Where(dir), real)
	}
	var items []Item
	for _, name := range t.dirs[real] {
		if !want(name) {
			continue
		}
		_, e, err := t.resolve(path.Join(dir, name))
		if err != nil {
			return nil, err
		}
		if e.other {
			return nil, fmt.Errorf("read %s: it is neither a file nor a directory", t.Where(path.Join(dir, name)))
		}
		items = append(items, Item{name, e.dir})
	}
	return items, nil
}

func (t *tarTree) Where(name string) string { return t.file + "(" + name + ")" }

func (t *tarTree) Load(names []string) error {
	wanted := make(map[int]bool)
	for _, name := range names {
		_, e, err := t.resolve(name)
		if err != nil {
			return err
		}
		if _, ok := t.content[e.member]; !ok && !e.dir && !e.other {
			wanted[e.member] = true
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	err := t.scan(func(member int, name string, h *tar.Header, r io.Reader) error {
		if !wanted[member] {
			return nil
		}
		if h.Size > MaxFile {
			return fmt.Errorf("it has %d bytes, expected at most %d", h.Size, MaxFile)
		}
		// The buffer grows with what there is: a size that lies costs nothing.
		b := bytes.NewBuffer(make([]byte, 0, min(h.Size, 1<<20)+bytes.MinRead))
		if _, err := b.ReadFrom(r); err != nil {
			return err
		}
		t.content[member] = b.Bytes()
		return nil
	})
	if err != nil {
		return fmt.Errorf("read tree %s: %w", t.file, err)
	}
	return nil
}

func (t *tarTree) Read(dst []byte, name string) ([]byte, error) {
	_, e, err := t.resolve(name)
	if err != nil {
		return nil, err
	}
	p, ok := t.content[e.member]
	if !ok || e.dir || e.other {
		return nil, fmt.Errorf("read %s: it was not loaded", t.Where(name))
	}
	return append(dst, p...), nil
}
