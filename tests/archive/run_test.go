// SPDX-License-Identifier: Apache-2.0

//go:build bazel

package archive

import (
	"os"
	"os/exec"
	"testing"
)

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
