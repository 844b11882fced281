// SPDX-License-Identifier: Apache-2.0

//go:build bazel

// Package decoders holds the archive of a stamped kernel against the decoders
// that its users have.
package decoders

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/tests/internal/testinput"
)

const python = `
import lzma, sys, tarfile
with lzma.open(sys.argv[1]) as f:
    n = len(f.read())
with tarfile.open(sys.argv[1], "r:xz") as t:
    names = t.getnames()
assert n % 512 == 0, n
assert "Module.symvers" in names, names[:9]
print(len(names))
`

func TestAccepted(t *testing.T) {
	// The region of the stamped vmlinux, as the guest shows it.
	file := testinput.File(t, "ARCHIVE")
	for _, test := range []struct {
		name    string
		command []string
	}{
		{"xz", []string{"xz", "--test", file}},
		{"GNU tar", []string{"tar", "-xJf", file}},
		{"busybox xz", []string{"busybox", "xz", "-t", file}},
		{"busybox tar", []string{"busybox", "tar", "-xJf", file}},
		{"Python lzma and tarfile", []string{"python3", "-c", python, file}},
		{"zstd", []string{"zstd", "--format=xz", "-q", "-d", "-f", file, "-o", "out.tar"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := exec.LookPath(test.command[0]); err != nil {
				t.Fatalf("%s is not installed: apt-get install -y tar xz-utils busybox-static python3 zstd", test.command[0])
			}
			cmd := exec.Command(test.command[0], test.command[1:]...)
			cmd.Dir = t.TempDir()
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%s: %v\n%s", strings.Join(test.command, " "), err, out)
			}
			if strings.Contains(test.name, "tar") && !strings.Contains(test.name, "Python") {
				if _, err := os.Stat(filepath.Join(cmd.Dir, "Module.symvers")); err != nil {
					t.Errorf("unpacked, and there is no Module.symvers: %v", err)
				}
			}
		})
	}
}
