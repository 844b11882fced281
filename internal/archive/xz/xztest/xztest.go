// SPDX-License-Identifier: Apache-2.0

// Package xztest puts .xz files before decoders that others wrote.
package xztest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Run runs a program that the test cannot do without, and returns what it
// prints. Package is Debian's, for the person who lacks it.
func Run(t testing.TB, pkg, program string, args ...string) []byte {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Fatalf("test needs %s: install it, on Debian: apt-get install %s", program, pkg)
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(path, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "XZ_OPT=", "XZ_DEFAULTS=", "TAR_OPTIONS=")
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %.200q: %v: %s", program, args, err, stderr.Bytes())
	}
	if stderr.Len() > 0 {
		t.Fatalf("%s %.200q: warns: %s", program, args, stderr.Bytes())
	}
	return stdout.Bytes()
}

// Files writes each of the contents to a file and returns their names.
func Files(t testing.TB, contents ...[]byte) []string {
	t.Helper()
	dir := t.TempDir()
	names := make([]string, len(contents))
	for i, p := range contents {
		names[i] = filepath.Join(dir, fmt.Sprintf("%03d.xz", i))
		if err := os.WriteFile(names[i], p, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return names
}

// printSHA256 prints a line for each file named: the SHA-256 of what Python's
// lzma makes of it. It reads in pieces, as a program would that streams.
const printSHA256 = `
import hashlib, lzma, sys
for name in sys.argv[1:]:
    h = hashlib.sha256()
    with lzma.open(name) as f:
        while p := f.read(65536):
            h.update(p)
    print(h.hexdigest())
`

// Accepted fails the test unless xz -t and Python's lzma accept every file.
// It returns the SHA-256 of the decoded files, one line each.
func Accepted(t testing.TB, files ...string) []byte {
	t.Helper()
	Run(t, "xz-utils", "xz", append([]string{"--test"}, files...)...)
	return Run(t, "python3", "python3", append([]string{"-c", printSHA256}, files...)...)
}
