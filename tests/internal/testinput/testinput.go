// SPDX-License-Identifier: Apache-2.0

// Package testinput finds the files that a Bazel test is given.
package testinput

import (
	"os"
	"path/filepath"
	"testing"
)

// File returns the absolute path that a variable of the environment holds, as
// `$(rootpath …)` in a test's env. No such file ends the test.
func File(t *testing.T, variable string) string {
	t.Helper()
	file, err := filepath.Abs(os.Getenv(variable))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(file); err != nil || os.Getenv(variable) == "" {
		t.Fatalf("%s is %q, expected a file (%v)", variable, os.Getenv(variable), err)
	}
	return file
}
