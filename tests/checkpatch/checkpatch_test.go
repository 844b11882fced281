// SPDX-License-Identifier: Apache-2.0

//go:build bazel

// Package checkpatch runs the kernel's style check over what goes into its tree.
package checkpatch

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What goes into a kernel tree is as the kernel's own checkpatch wants it, with
// a sign-off.
func TestCheckpatch(t *testing.T) {
	linux, err := filepath.Abs(os.Getenv("LINUX"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	tar := exec.Command("tar", "--extract", "--file="+linux, "--directory="+dir, "--strip-components=1", "--wildcards",
		"*/scripts/checkpatch.pl", "*/scripts/spelling.txt", "*/scripts/const_structs.checkpatch")
	if out, err := tar.CombinedOutput(); err != nil {
		t.Fatalf("unpack %s: %v\n%s", linux, err, out)
	}
	for _, test := range []struct {
		file string
		args []string
	}{
		{os.Getenv("KHEADERS_C"), []string{"--file"}},
		{os.Getenv("KHEADERS_PATCH"), nil},
	} {
		text, err := os.ReadFile(test.file)
		if err != nil {
			t.Fatal(err)
		}
		// A copy, for checkpatch asks git about a file that it has.
		file := filepath.Join(dir, filepath.Base(test.file))
		if err := os.WriteFile(file, text, 0o644); err != nil {
			t.Fatal(err)
		}
		args := append([]string{filepath.Join(dir, "scripts/checkpatch.pl"), "--strict", "--no-tree"}, append(test.args, file)...)
		checkpatch := exec.Command("perl", args...)
		checkpatch.Dir = dir
		out, err := checkpatch.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "total: 0 errors, 0 warnings, 0 checks, ") {
			t.Errorf("checkpatch of %s: %v\n%s", test.file, err, out)
		}
	}
}
