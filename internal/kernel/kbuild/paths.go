// SPDX-License-Identifier: Apache-2.0

package kbuild

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/kernel/scratch"
)

// Objects and commands name the directory that they were made in. debugPaths,
// freePaths and bindPaths keep its user's number out of results.

// anyUser stands for the scratch directory in files that leave it.
const anyUser = scratch.Dir + "-USER"

// debugPaths returns make's variables, and with them that debug information, and a
// build-id with it, names no user's directory.
func debugPaths(dir string, variables []string) []string {
	option := fmt.Sprintf("-fdebug-prefix-map=%s=%s", dir, scratch.Dir)
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
