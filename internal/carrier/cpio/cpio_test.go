// SPDX-License-Identifier: Apache-2.0

package cpio

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

func sample(t *testing.T, w io.Writer) {
	t.Helper()
	c := NewWriter(w)
	for _, err := range []error{
		c.Dir("dev", 0o755),
		c.Char("dev/console", 0o600, 5, 1),
		c.File("init", 0o755, []byte("#!/bin/sh\n")),
		c.Symlink("sh", "init"),
		c.Close(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// The digest pins the format: any change of a byte is seen.
func TestPinned(t *testing.T) {
	var b bytes.Buffer
	sample(t, &b)
	sum := sha256.Sum256(b.Bytes())
	const want = "3e718cd24b377e717f57e2276bdfe566db12b12f888a3867ee106da28f4586c4"
	if got := hex.EncodeToString(sum[:]); got != want {
		t.Errorf("digest = %s, want %s", got, want)
	}
	if b.Len()%4 != 0 {
		t.Errorf("size = %d, want a multiple of 4", b.Len())
	}
}

// A file that is shorter than it was, or a disk that is full, fails, and so
// does everything after it.
func TestErrors(t *testing.T) {
	var b bytes.Buffer
	c := NewWriter(&b)
	want := "write a: 3 of 5 bytes: unexpected EOF"
	for range 2 {
		if err := c.FileFrom("a", 0o644, 5, strings.NewReader("abc")); err == nil || err.Error() != want {
			t.Errorf("FileFrom: got %v, want %q", err, want)
		}
	}
	if err := c.Close(); err == nil || err.Error() != want {
		t.Errorf("Close: got %v, want %q", err, want)
	}
	if err := NewWriter(&b).FileFrom("a", 0o644, 1<<32, nil); err == nil || !strings.Contains(err.Error(), "has room for 4 GiB") {
		t.Errorf("4 GiB: got %v", err)
	}
	full := NewWriter(disk(100))
	if err := full.File("a", 0o644, make([]byte, 200)); err == nil || err.Error() != "write a: no space left on device" {
		t.Errorf("full disk: got %v", err)
	}
}

// disk is one of so many bytes.
type disk int

func (d disk) Write(p []byte) (int, error) {
	if len(p) > int(d) {
		return 0, errors.New("no space left on device")
	}
	return len(p), nil
}

// A differential test against cpio(1).
func TestListedByCpio(t *testing.T) {
	if _, err := exec.LookPath("cpio"); err != nil {
		t.Fatal("cpio is not installed: apt-get install -y cpio")
	}
	var b bytes.Buffer
	sample(t, &b)
	cmd := exec.Command("cpio", "--list", "--verbose", "--numeric-uid-gid", "--quiet")
	cmd.Env = append(os.Environ(), "LC_ALL=C", "TZ=UTC")
	cmd.Stdin = &b
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("cpio: %v\n%s", err, out)
	}
	for i, want := range []struct{ mode, name string }{
		{"drwxr-xr-x", "dev"}, {"crw-------", "dev/console"}, {"-rwxr-xr-x", "init"}, {"lrwxrwxrwx", "sh -> init"},
	} {
		line := strings.Split(string(out), "\n")[i]
		if !strings.HasPrefix(line, want.mode) || !strings.HasSuffix(line, want.name) {
			t.Errorf("line %d = %q, want %s … %s", i, line, want.mode, want.name)
		}
	}
}
