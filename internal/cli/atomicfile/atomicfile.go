// SPDX-License-Identifier: Apache-2.0

// Package atomicfile writes files that are either complete or not there.
package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/rules-kheaders/rules_kheaders/internal/cli/cleanup"
)

// Write makes the file at path from what write puts into the file it is given,
// a temporary one in the same directory that takes path's name at the end. The
// file gets exactly mode, whatever the umask. If write or anything else fails,
// path is as it was before and no temporary file remains; package cleanup sees
// to it when a signal ends the program, and the next Write to path when the program
// was killed. The error of write is returned as it is; the others name path.
//
// A path that exists and is not a regular file (a directory, a device, a link
// such as /dev/stdout) is refused: renaming would replace it.
func Write(path string, mode fs.FileMode, write func(*os.File) error) (err error) {
	switch info, err := os.Lstat(path); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return fmt.Errorf("write file: %w", err)
	case info.IsDir():
		return fmt.Errorf("write file %s: it is a directory: give the name of a file", path)
	case info.Mode()&fs.ModeSymlink != 0:
		return fmt.Errorf("write file %s: it is a symbolic link, and would be replaced: give the name of a file", path)
	case !info.Mode().IsRegular():
		return fmt.Errorf("write file %s: it is not a regular file: give the name of a file", path)
	}
	dir, name := filepath.Split(path)
	if name == "" {
		return fmt.Errorf("write file %q: it names no file", path)
	}
	if dir == "" {
		dir = "."
	}
	removeLeft(dir, name)
	var f, lock *os.File
	forget, err := cleanup.Make(func() (undo func(), err error) {
		f, lock, err = create(dir, name)
		return func() { os.Remove(f.Name()) }, err
	})
	if err != nil {
		return fmt.Errorf("write file %s: %w", path, cause(err))
	}
	defer lock.Close()
	// Until the rename, every way out, a panic of write included, leads here.
	done := false
	defer func() {
		if !done {
			f.Close()
			os.Remove(f.Name())
		}
		forget()
	}()
	if err := write(f); err != nil {
		return err
	}
	if err := f.Chmod(mode); err != nil {
		return fmt.Errorf("write file %s: %w", path, cause(err))
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("write file %s: %w", path, cause(err))
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("write file %s: %w", path, cause(err))
	}
	done = true
	return nil
}

// WriteBytes is Write of a content, with an error that names path.
func WriteBytes(path string, mode fs.FileMode, content []byte) error {
	return Write(path, mode, func(f *os.File) error {
		if _, err := f.Write(content); err != nil {
			return fmt.Errorf("write file %s: %w", path, cause(err))
		}
		return nil
	})
}

// cause takes the temporary file's name, which means nothing to the user, out
// of an error.
func cause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	var link *os.LinkError
	if errors.As(err, &link) {
		return link.Err
	}
	return err
}
