// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/rules-kheaders/rules_kheaders/internal/carrier/cpio"
)

// unread are directories of Debian's packages that no program in a guest reads.
var unread = []string{"usr/share/doc", "usr/share/locale", "usr/share/man"}

// writeTree writes a cpio of a directory, below the directory within, or at the
// top where that is "". All files are root's there.
func writeTree(file, dir, within string) (err error) {
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	w := cpio.NewWriter(out)
	err = filepath.WalkDir(dir, func(from string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, from)
		if err != nil {
			return err
		}
		for _, u := range unread {
			if rel == u {
				return fs.SkipDir
			}
		}
		name := path.Join(within, rel)
		if name == "." {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		perm := uint32(info.Mode().Perm())
		if info.Mode()&fs.ModeSticky != 0 {
			perm |= 0o1000
		}
		switch info.Mode().Type() {
		case fs.ModeDir:
			return w.Dir(name, perm)
		case fs.ModeSymlink:
			target, err := os.Readlink(from)
			if err != nil {
				return err
			}
			return w.Symlink(name, target)
		case 0:
			f, err := os.Open(from)
			if err != nil {
				return err
			}
			return errors.Join(w.FileFrom(name, perm, info.Size(), f), f.Close())
		}
		return nil // a device
	})
	return errors.Join(err, w.Close())
}
