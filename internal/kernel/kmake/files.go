// SPDX-License-Identifier: Apache-2.0

package kmake

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/rules-kheaders/rules_kheaders/internal/cli/atomicfile"
	"github.com/rules-kheaders/rules_kheaders/internal/cli/claim"
	"github.com/rules-kheaders/rules_kheaders/internal/cli/cleanup"
	"github.com/rules-kheaders/rules_kheaders/internal/cli/infile"
)

// SetWritable gives or takes the permission to write to all below dir.
func SetWritable(dir string, writable bool) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.Type()&fs.ModeSymlink != 0 {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		mode := info.Mode().Perm()
		if writable {
			mode |= 0o200
		} else {
			mode &^= 0o222
		}
		return os.Chmod(path, mode)
	})
}

// RemoveScratch removes a directory that a build worked in, read-only or not,
// if it is there.
func RemoveScratch(dir string) error {
	if _, err := os.Lstat(dir); os.IsNotExist(err) {
		return nil
	}
	if err := SetWritable(dir, true); err != nil {
		return err
	}
	return os.RemoveAll(dir)
}

// MakeScratch makes dir to work in and returns what removes it again, which a
// signal does too. A directory that is there is used when it is empty, or is what a
// killed run has left, and is left empty: what is in another is not ours to remove.
func MakeScratch(dir string) (remove func() error, err error) {
	var removeAll func() error
	done, err := cleanup.Make(func() (undo func(), err error) {
		removeAll, err = makeScratch(dir)
		return func() {
			// What is working there may still make files, for a moment.
			for try := 0; try < 10 && removeAll() != nil; try++ {
				time.Sleep(20 * time.Millisecond)
			}
		}, err
	})
	if err != nil {
		return nil, err
	}
	return func() error {
		defer done()
		return removeAll()
	}, nil
}

func makeScratch(dir string) (remove func() error, err error) {
	made := true
	err = os.Mkdir(dir, 0o755)
	if errors.Is(err, fs.ErrExist) {
		made = false
		var info fs.FileInfo
		if info, err = os.Lstat(dir); err == nil && !info.IsDir() {
			return nil, fmt.Errorf("scratch %s is there and no directory: name a new directory", dir)
		}
	}
	var root *os.Root
	if err == nil {
		root, err = os.OpenRoot(dir)
	}
	if err != nil {
		return nil, fmt.Errorf("make scratch: %w", err)
	}
	claimed, err := claim.Take(root, func([]string) error { return emptyScratch(dir) })
	if err != nil {
		root.Close()
		var other *claim.NotEmptyError
		switch {
		case errors.As(err, &other):
			return nil, fmt.Errorf("scratch %s is there and not empty: remove it or name a new directory", dir)
		case errors.Is(err, claim.ErrBusy):
			return nil, fmt.Errorf("scratch %s is another run's: name a new directory", dir)
		}
		return nil, fmt.Errorf("make scratch: %w", err)
	}
	return func() error {
		if err := emptyScratch(dir); err != nil {
			return err
		}
		if err := claimed.Give(); err != nil {
			return err
		}
		if made {
			if err := os.Remove(dir); err != nil {
				return err
			}
		}
		return root.Close()
	}, nil
}

// emptyScratch removes all that is in dir but the mark of a claim.
func emptyScratch(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() == claim.Mark {
			continue
		}
		if err := RemoveScratch(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// CopyFile copies a regular file, with its run bits, as atomicfile.Write does.
func CopyFile(from, to string) error {
	in, err := infile.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	return atomicfile.Write(to, info.Mode().Perm()|0o200, func(out *os.File) error {
		if _, err := io.Copy(out, in); err != nil {
			return fmt.Errorf("copy %s to %s: %w", from, to, err)
		}
		return nil
	})
}
