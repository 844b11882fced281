// SPDX-License-Identifier: Apache-2.0

package kbuild

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"github.com/rules-kheaders/rules_kheaders/internal/kmake"
)

// scratch is where kernels are built. Kbuild writes absolute paths into what it
// makes: with one path everywhere, results do not depend on the machine or the
// checkout, and a later action can go on with an earlier one's objects. Bazel's
// sandbox gives every action a /tmp of its own; where it does not, a lock lets
// builds wait for one another.
const scratch = "/tmp/rules_kheaders"

// InScratch runs work in the scratch directory, which is empty at the start and
// removed at the end.
func InScratch(work func(dir string) error) (err error) {
	lock, err := openLock(scratch + ".lock")
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return fmt.Errorf("lock %s: %w", lock.Name(), err)
	}
	// What a killed run has left.
	if err := kmake.RemoveScratch(scratch); err != nil {
		return fmt.Errorf("remove %s, %s: %w; have it removed", scratch, owner(scratch), err)
	}
	remove, err := kmake.MakeScratch(scratch)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	return work(scratch)
}

// openLock opens a file to lock, which another user may have made: that can be
// read and locked, and where /tmp is sticky not be opened to be made
// (fs.protected_regular). Whose file a link leads to is anybody's choice, so none
// is followed.
func openLock(name string) (*os.File, error) {
	const flags = os.O_RDONLY | syscall.O_NOFOLLOW
	f, err := os.OpenFile(name, flags, 0)
	if errors.Is(err, fs.ErrNotExist) {
		f, err = os.OpenFile(name, flags|os.O_CREATE|os.O_EXCL, 0o644)
		if errors.Is(err, fs.ErrExist) { // another one was faster
			f, err = os.OpenFile(name, flags, 0)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("lock %s, %s: %w; have it removed", name, owner(name), err)
	}
	return f, nil
}

// owner says whose a file is, and that it is a link.
func owner(name string) string {
	info, err := os.Lstat(name)
	if err != nil {
		return "which is not there"
	}
	what := "a file"
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		what = "a symbolic link"
	case info.IsDir():
		what = "a directory"
	}
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return fmt.Sprintf("%s of user %d", what, s.Uid)
	}
	return what
}
