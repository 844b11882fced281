// SPDX-License-Identifier: Apache-2.0

//go:build bazel

// Package oracle holds stamping against linking twice.
package oracle

import (
	"bytes"
	"os"
	"os/exec"
	"testing"
)

func read(t *testing.T, variable string) []byte {
	t.Helper()
	content, err := os.ReadFile(os.Getenv(variable))
	if err != nil {
		t.Fatal(err)
	}
	if len(content) == 0 {
		t.Fatalf("%s is empty", os.Getenv(variable))
	}
	return content
}

func TestSameSymvers(t *testing.T) {
	if !bytes.Equal(read(t, "MODULE_SYMVERS"), read(t, "RELINKED_SYMVERS")) {
		t.Error("Module.symvers of the second link differs from the first's")
	}
}

// The members that the two guests read: the boot tests show that the stamped
// guest's file is the vmlinux's region, and the relinked one's the archive that
// it was linked with, byte for byte.
func TestSameMembers(t *testing.T) {
	list := func(variable string) string {
		out, err := exec.Command(os.Getenv("PACKER"), "list", os.Getenv(variable)).CombinedOutput()
		if err != nil {
			t.Fatalf("packer list: %v\n%s", err, out)
		}
		return string(out)
	}
	stamped, relinked := list("ARCHIVE_IN_VMLINUX"), list("ARCHIVE")
	if stamped != relinked {
		t.Errorf("the members differ:\n%.2000s\n---\n%.2000s", stamped, relinked)
	}
}
