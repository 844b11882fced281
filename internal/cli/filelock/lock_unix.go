// SPDX-License-Identifier: Apache-2.0

//go:build unix

// Package filelock tells whether a process that has made a file is still at work:
// it has the file locked, and the kernel unlocks it when the process ends, whatever
// ends it.
package filelock

import (
	"errors"
	"os"
	"syscall"
)

// Try locks the file until it is closed, if no other process has it locked. An error
// of errors.ErrUnsupported says that the file system has no locks.
func Try(f *os.File) (locked bool, err error) {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return true, nil
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EWOULDBLOCK):
			return false, nil
		case errors.Is(err, syscall.ENOLCK), errors.Is(err, syscall.EINVAL):
			return false, errors.ErrUnsupported
		default:
			return false, err // ENOTSUP and ENOSYS are errors.ErrUnsupported
		}
	}
}

// Removed says whether an open file has no name any more.
func Removed(f *os.File) bool {
	info, err := f.Stat()
	if err != nil {
		return true
	}
	s, ok := info.Sys().(*syscall.Stat_t)
	return ok && s.Nlink == 0
}
