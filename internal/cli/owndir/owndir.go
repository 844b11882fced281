// SPDX-License-Identifier: Apache-2.0

// Package owndir is for directories of well-known names in places where every
// user may make one, such as /tmp. Another user may have made the directory, or a
// link of that name, to read what is written or to have it written elsewhere. So
// a directory is made with mode 0700, or it is one that the user has made so, or
// it is an error.
package owndir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

const mode = 0o700

// PerUser returns base with the number of the user behind it: one name that all
// users share would let the first keep the others out.
func PerUser(base string) string { return fmt.Sprintf("%s-%d", base, os.Geteuid()) }

// Make makes the directory. One that exists has to be the user's own, with mode
// 0700, and no link. Its parent has to be sticky, or the user's, as /tmp is: then
// nobody can replace what Make has checked.
func Make(path string) error {
	for {
		if err := os.Mkdir(path, mode); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("make directory: %w", err)
		}
		info, err := os.Lstat(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue // given up by another process since
		}
		if err != nil {
			return fmt.Errorf("make directory: %w", err)
		}
		return check(path, info)
	}
}

func check(path string, info fs.FileInfo) error {
	owner := -1
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		owner = int(s.Uid)
	}
	if info.IsDir() && owner == os.Geteuid() && info.Mode().Perm() == mode {
		return nil
	}
	is := "a file"
	switch {
	case info.IsDir():
		is = "a directory"
	case info.Mode()&fs.ModeSymlink != 0:
		is = "a symbolic link"
	}
	return fmt.Errorf("use %s: it is %s of user %d with mode %04o; expected a directory of user %d with mode %04o; have it removed", path, is, owner, info.Mode().Perm(), os.Geteuid(), mode)
}

// A Lock is a directory that no other process has.
type Lock struct {
	path string
	dir  *os.File
}

// Take makes the directory and waits until no other process has taken it. What a
// killed process has left in it is still there.
func Take(path string) (*Lock, error) {
	for {
		if err := Make(path); err != nil {
			return nil, err
		}
		dir, err := os.OpenFile(path, os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NOFOLLOW, 0)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("use %s: %w", path, err)
		}
		l := &Lock{path, dir}
		if err := l.wait(); err != nil {
			dir.Close()
			return nil, err
		}
		if l.current() {
			return l, nil
		}
		dir.Close()
	}
}

// wait locks the directory that is open.
func (l *Lock) wait() error {
	for {
		err := syscall.Flock(int(l.dir.Fd()), syscall.LOCK_EX)
		if err == nil {
			break
		}
		if err != syscall.EINTR {
			return fmt.Errorf("lock %s: %w", l.path, err)
		}
	}
	info, err := l.dir.Stat()
	if err != nil {
		return fmt.Errorf("lock %s: %w", l.path, err)
	}
	return check(l.path, info)
}

// current says whether the path still leads to what was locked: the process that
// had the directory removes it at its end.
func (l *Lock) current() bool {
	held, errHeld := l.dir.Stat()
	found, err := os.Lstat(l.path)
	return errHeld == nil && err == nil && os.SameFile(held, found)
}

// Release gives the directory up, and removes it if it is empty.
func (l *Lock) Release() error {
	if l.current() {
		// What is left in it is for its user to look at, and for the next to remove.
		_ = os.Remove(l.path)
	}
	return l.dir.Close()
}
