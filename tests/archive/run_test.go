// SPDX-License-Identifier: Apache-2.0

//go:build bazel

package archive

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// input returns the absolute path that a variable of the environment holds.
func input(t *testing.T, variable string) string {
	t.Helper()
	file, err := filepath.Abs(os.Getenv(variable))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(file); err != nil {
		t.Fatal(err)
	}
	return file
}

// run runs a program that has to work, and returns what it said.
func run(t *testing.T, dir string, env []string, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return string(out)
}
