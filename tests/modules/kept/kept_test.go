// SPDX-License-Identifier: Apache-2.0

//go:build bazel

// Package kept looks at what a module's build leaves.
package kept

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// keep_scratch keeps the directory that make worked in.
func TestScratch(t *testing.T) {
	// Bazel quotes it for a shell.
	scratch := strings.Trim(os.Getenv("SCRATCH"), "'")
	for _, name := range []string{"odd.c", "odd.o", "odd.ko", ".odd.o.cmd", "Module.symvers"} {
		info, err := os.Stat(filepath.Join(scratch, "module", name))
		if err != nil || info.Mode().IsDir() {
			t.Errorf("%s: %v, want a file", name, err)
		}
	}
}
