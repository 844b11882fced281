// SPDX-License-Identifier: Apache-2.0

// Package tree reads files of kernel trees from where they are: directories, tar
// archives, and lists of files.
package tree

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/rules-kheaders/rules_kheaders/internal/cli/infile"
)

// A Tree is one place that kernel files come from, addressed by their slash
// separated path in the kernel tree.
type Tree interface {
	// List returns the names in a directory, "" for the top, and whether each
	// is a directory itself, links followed. It is asked only for names that
	// want accepts, so that a dangling link elsewhere does no harm.
	List(dir string, want func(name string) bool) ([]Item, error)
	// Load gets the files named ready to be read.
	Load(names []string) error
	// Read appends a file's content. It may be called from several goroutines.
	Read(dst []byte, name string) ([]byte, error)
	// Where names a file for a message.
	Where(name string) string
}

// An Item is one name in a directory.
type Item struct {
	Name string
	Dir  bool
}

// Files of every kernel's tree that says what it was built as.
const (
	ReleaseFile    = "include/config/kernel.release"
	UTSFile        = "include/generated/utsrelease.h"
	AutoConf       = "include/config/auto.conf"
	AutoConfHeader = "include/generated/autoconf.h"
)

// Open opens a directory, or a tar archive of one.
func Open(path string) (Tree, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("open tree: %w", err)
	}
	if info.IsDir() {
		return openDirTree(path)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("open tree %s: it is not a regular file, expected a directory, or a tar archive, plain or compressed", path)
	}
	t, err := openTarTree(path, func() (io.ReadSeekCloser, error) { return infile.Open(path) })
	if err != nil {
		return nil, err
	}
	if len(t.dirs[""]) == 0 {
		return nil, emptyTree(path)
	}
	return skipTop(t), nil
}

// emptyTree is the error of a tree that is what a failed download leaves.
func emptyTree(path string) error {
	return fmt.Errorf("open tree %s: it is empty, expected a directory, or a tar archive, with files of a kernel", path)
}

// dirTree is a directory. Links are followed, out of it too: in a Bazel sandbox
// every input is one.
type dirTree struct{ root string }

func openDirTree(path string) (*dirTree, error) {
	d, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open tree: %w", err)
	}
	defer d.Close()
	if _, err := d.Readdirnames(1); err == io.EOF {
		return nil, emptyTree(path)
	} else if err != nil {
		return nil, fmt.Errorf("open tree: %w", err)
	}
	return &dirTree{root: path}, nil
}

func (t *dirTree) path(name string) string { return filepath.Join(t.root, filepath.FromSlash(name)) }

func (t *dirTree) Where(name string) string { return t.path(name) }

func (t *dirTree) Load([]string) error { return nil }

func (t *dirTree) Read(dst []byte, name string) ([]byte, error) { return AppendFile(dst, t.path(name)) }

// open opens a file to be read at once. os.Open also asks whether it can be
// waited for, five system calls a file, and there are thousands. Without
// O_NONBLOCK a pipe that nobody writes to would be waited for here.
func open(path string) (*os.File, error) {
	for {
		fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC|syscall.O_NONBLOCK, 0)
		switch {
		case err == nil:
			return os.NewFile(uintptr(fd), path), nil
		case !errors.Is(err, syscall.EINTR):
			return nil, &fs.PathError{Op: "open", Path: path, Err: err}
		}
	}
}

// MaxFile bounds the size of one file in bytes. The largest that a kernel
// archive has any use for, a Module.symvers or a host tool, has a few MiB.
const MaxFile = 256 << 20

// checkFile fails for what cannot be read to its end, or is too large.
func checkFile(path string, info fs.FileInfo) error {
	switch {
	case info.IsDir():
		return fmt.Errorf("read %s: it is a directory, expected a file", path)
	case !info.Mode().IsRegular():
		return fmt.Errorf("read %s: it is not a regular file, expected one", path)
	case info.Size() > MaxFile:
		return fmt.Errorf("read %s: it has %d bytes, expected at most %d", path, info.Size(), MaxFile)
	}
	return nil
}

// ReadFile returns the content of a text that is named alone, such as a
// Module.symvers, which may be compressed. What is no regular file, or has more
// than a kernel's can have, is an error.
func ReadFile(path string) ([]byte, error) {
	p, err := AppendFile(nil, path)
	if err != nil {
		return nil, err
	}
	return decoded(path, p)
}

// AppendFile appends a file's content.
func AppendFile(dst []byte, path string) ([]byte, error) {
	f, err := open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if err := checkFile(path, info); err != nil {
		return nil, err
	}
	start := len(dst)
	// One byte more shows the end of the file by the same call.
	dst = slices.Grow(dst, int(info.Size())+1)
	for {
		n, err := f.Read(dst[len(dst):cap(dst)])
		dst = dst[:len(dst)+n]
		if err == io.EOF || err == nil && len(dst) < cap(dst) && int64(n) == info.Size() {
			return dst, nil
		}
		if err == nil && len(dst)-start > MaxFile {
			err = fmt.Errorf("read %s: it has no end within %d bytes, expected a file", path, MaxFile)
		}
		if err != nil {
			return nil, err
		}
		dst = slices.Grow(dst, 1)
	}
}

func (t *dirTree) List(dir string, want func(string) bool) ([]Item, error) {
	if err := t.checkLoop(dir); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(t.path(dir))
	if err != nil {
		return nil, err
	}
	items := make([]Item, 0, len(entries))
	for _, e := range entries {
		if !want(e.Name()) {
			continue
		}
		mode := e.Type()
		if mode&fs.ModeSymlink != 0 {
			path := filepath.Join(t.path(dir), e.Name())
			info, err := os.Stat(path)
			if errors.Is(err, fs.ErrNotExist) {
				target, _ := os.Readlink(path)
				return nil, fmt.Errorf("follow link %s: its target %q is not there", path, target)
			}
			if err != nil {
				return nil, err
			}
			mode = info.Mode().Type()
		}
		if !mode.IsRegular() && !mode.IsDir() {
			return nil, fmt.Errorf("read %s: it is neither a file nor a directory", filepath.Join(t.path(dir), e.Name()))
		}
		items = append(items, Item{e.Name(), mode.IsDir()})
	}
	return items, nil
}

// checkLoop fails if a directory is also one of those above it, by way of a
// link: walking on would not end.
func (t *dirTree) checkLoop(dir string) error {
	if dir == "" {
		return nil
	}
	info, err := os.Stat(t.path(dir))
	if err != nil {
		return err
	}
	for above := dir; above != ""; {
		above = above[:max(0, strings.LastIndexByte(above, '/'))]
		other, err := os.Stat(t.path(above))
		if err != nil {
			return err
		}
		if os.SameFile(info, other) {
			return fmt.Errorf("walk %s: a link makes it the same directory as %s above it", t.path(dir), t.path(above))
		}
	}
	return nil
}
