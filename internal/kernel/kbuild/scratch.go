// SPDX-License-Identifier: Apache-2.0

package kbuild

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/cli/owndir"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/kmake"
)

// scratch is where kernels are built: of each user one directory of this name and
// the user's number, so that no user waits for another or can write there. Kbuild
// writes absolute paths into what it makes. With one path everywhere, a later
// action can go on with an earlier one's objects, and results depend neither on the
// machine nor on the checkout; what makes them depend on the user is kept out by
// debugPaths, freePaths and bindPaths. Bazel's sandbox gives every action a /tmp of
// its own; where it does not, builds of one user wait for one another.
const scratch = "/tmp/rules_kheaders"

// anyUser stands for the scratch directory in files that leave it.
const anyUser = scratch + "-USER"

// InScratch runs work in the scratch directory, which is empty at the start and
// removed at the end.
func InScratch(work func(dir string) error) (err error) {
	dir := owndir.PerUser(scratch)
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

// debugPaths returns make's variables, and with them that debug information, and a
// build-id with it, names no user's directory.
func debugPaths(dir string, variables []string) []string {
	option := fmt.Sprintf("-fdebug-prefix-map=%s=%s", dir, scratch)
	flags := []string{"KCFLAGS=" + option, "KAFLAGS=" + option}
	for _, v := range variables {
		// To make, the last value of a variable is the one: it has the caller's.
		for i, name := range []string{"KCFLAGS=", "KAFLAGS="} {
			if value, ok := strings.CutPrefix(v, name); ok {
				flags[i] = name + option + " " + value
			}
		}
	}
	return slices.Concat(variables, flags)
}

// isCommand says whether a file keeps a command of Kbuild's (scripts/Kbuild.include,
// if_changed), and so the absolute paths in it.
func isCommand(name string) bool { return strings.HasSuffix(name, ".cmd") }

// freePaths returns a command that is to leave the scratch directory dir, without
// its name: in another user's directory Kbuild would take the command for another
// one, and run it again.
func freePaths(dir string, command []byte) []byte {
	return bytes.ReplaceAll(command, []byte(dir), []byte(anyUser))
}

// bindPaths undoes freePaths in all files below the scratch directory dir.
func bindPaths(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || !isCommand(path) {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		return os.WriteFile(path, bytes.ReplaceAll(text, []byte(anyUser), []byte(dir)), info.Mode().Perm())
	})
}
