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
	// What an interrupted run has left.
	if err := kmake.RemoveScratch(scratch); err != nil {
		return err
	}
	if err := os.Mkdir(scratch, 0o755); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, kmake.RemoveScratch(scratch)) }()
	return work(scratch)
}

// openLock opens a file to lock, which another user may have made: that can be
// read and locked, and where /tmp is sticky not be opened to be made
// (fs.protected_regular).
func openLock(name string) (*os.File, error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return os.OpenFile(name, os.O_CREATE|os.O_RDONLY, 0o644)
	}
	return f, err
}
