// SPDX-License-Identifier: Apache-2.0

package bazeltest

import (
	"io/fs"
	"os"
	"path/filepath"
)

// RemoveAll removes an output base, in which Bazel makes directories read-only.
func RemoveAll(dir string) error {
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		return os.Chmod(path, 0o755)
	})
	if err != nil {
		return err
	}
	return os.RemoveAll(dir)
}
