// SPDX-License-Identifier: Apache-2.0

// Package scratch gives a build of a kernel or module the directory to work in.
package scratch

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/rules-kheaders/rules_kheaders/internal/cli/owndir"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/kmake"
)

// Dir is the name of that directory, without the user's number behind it: each user
// has one, so that no user waits for another or can write there. Kbuild writes
// absolute paths into what it makes. With one path everywhere, a later action can
// go on with an earlier one's objects, and results depend neither on the machine
// nor on the checkout; package kbuild keeps out what makes them depend on the user.
// Bazel's sandbox gives every action a /tmp of its own; where it does not, builds
// of one user wait for one another.
const Dir = "/tmp/rules_kheaders"

// Run runs work in the directory, which is empty at the start and removed at the
// end.
func Run(work func(dir string) error) (err error) {
	dir := owndir.PerUser(Dir)
	lock, err := owndir.Take(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	// What a killed run has left.
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("empty scratch: %w", err)
	}
	for _, e := range entries {
		if err := kmake.RemoveScratch(filepath.Join(dir, e.Name())); err != nil {
			return fmt.Errorf("empty scratch: %w", err)
		}
	}
	remove, err := kmake.MakeScratch(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	return work(dir)
}
