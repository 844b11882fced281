// SPDX-License-Identifier: Apache-2.0

package rootfs

import (
	"archive/tar"
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"

	"golang.org/x/sys/unix"

	"github.com/rules-kheaders/rules_kheaders/internal/archive/decompress"
	"github.com/rules-kheaders/rules_kheaders/internal/cli/infile"
)

// unpack unpacks a root file system, a tar or a layer of an image, into the empty
// directory dir. Owners, times and devices are left out. What would be written
// outside of dir is an error.
func unpack(file, dir string) (err error) {
	f, err := infile.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	plain := bufio.NewReaderSize(f, 1<<20)
	stream := io.Reader(plain)
	head, _ := plain.Peek(decompress.MagicSize)
	if format := decompress.Detect(head); format != nil {
		if stream, err = format.NewReader(plain); err != nil {
			return fmt.Errorf("unpack %s: %w", file, err)
		}
	}
	members := tar.NewReader(stream)
	for {
		h, err := members.Next()
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = member(root, h, members)
		}
		if err != nil {
			return fmt.Errorf("unpack %s: %w; expected a root file system, as a tar or a layer of an image", file, err)
		}
	}
}

// member makes one file, directory or link.
func member(root *os.Root, h *tar.Header, content io.Reader) error {
	name := path.Clean("./" + h.Name)
	if name == "." {
		return nil
	}
	make := func() error { return nil } // devices: the machine's are used
	switch h.Typeflag {
	case tar.TypeDir:
		return directories(root, name)
	case tar.TypeReg:
		make = func() error { return regular(root, name, h.FileInfo().Mode(), content) }
	case tar.TypeSymlink:
		make = func() error {
			return in(root, name, func(dir int, base string) error { return unix.Symlinkat(h.Linkname, dir, base) })
		}
	case tar.TypeLink:
		make = func() error {
			return in(root, path.Clean("./"+h.Linkname), func(from int, file string) error {
				return in(root, name, func(dir int, base string) error { return unix.Linkat(from, file, dir, base, 0) })
			})
		}
	}
	err := make()
	if errors.Is(err, fs.ErrNotExist) {
		if err := directories(root, path.Dir(name)); err != nil {
			return err
		}
		err = make()
	}
	if errors.Is(err, fs.ErrExist) { // the later member is the one, as with tar
		if err := root.Remove(name); err != nil {
			return err
		}
		err = make()
	}
	return err
}

// directories makes a directory and those that it is in.
func directories(root *os.Root, name string) error {
	err := root.Mkdir(name, 0o755)
	if errors.Is(err, fs.ErrNotExist) {
		if err := directories(root, path.Dir(name)); err != nil {
			return err
		}
		err = root.Mkdir(name, 0o755)
	}
	if errors.Is(err, fs.ErrExist) {
		info, err := root.Stat(name)
		if err == nil && !info.IsDir() {
			err = &fs.PathError{Op: "mkdir", Path: name, Err: fs.ErrExist}
		}
		return err
	}
	return err
}

// in calls do with the directory that a name is in.
func in(root *os.Root, name string, do func(dir int, base string) error) error {
	dir, err := root.Open(path.Dir(name))
	if err != nil {
		return err
	}
	defer dir.Close()
	if err := do(int(dir.Fd()), path.Base(name)); err != nil {
		return &fs.PathError{Op: "link", Path: name, Err: err}
	}
	return nil
}

func regular(root *os.Root, name string, mode fs.FileMode, content io.Reader) error {
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode.Perm()&0o555|0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, content)
	return errors.Join(err, f.Close())
}
