// SPDX-License-Identifier: Apache-2.0

//go:build bazel

// Package kept looks at what a module's build leaves.
package kept

import (
	"os"
	"path/filepath"
	"testing"
)

// keep_scratch brings out the directory that make worked in.
func TestScratch(t *testing.T) {
	for _, name := range []string{"odd.c", "odd.o", "odd.ko", ".odd.o.cmd", "Module.symvers"} {
		info, err := os.Stat(filepath.Join(os.Getenv("SCRATCH"), "module", name))
		if err != nil || info.Mode().IsDir() {
			t.Errorf("%s: %v, want a file", name, err)
		}
	}
}
