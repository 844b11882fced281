// SPDX-License-Identifier: Apache-2.0

package kmake

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A directory of the user's is never removed: a new one is, and an empty one is
// left empty.
func TestMakeScratch(t *testing.T) {
	dir := t.TempDir()
	full, empty, file := filepath.Join(dir, "full"), filepath.Join(dir, "empty"), filepath.Join(dir, "file")
	for _, d := range []string{full, empty} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(empty, link); err != nil {
		t.Fatal(err)
	}
	for _, f := range []string{filepath.Join(full, "precious"), file} {
		if err := os.WriteFile(f, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name, dir, err string
		remains        bool
	}{
		{"new", filepath.Join(dir, "new"), "", false},
		{"empty", empty, "", true},
		{"not empty", full, "scratch " + full + " is there and not empty: remove it or name a new directory", true},
		{"file", file, "scratch " + file + " is there and no directory: name a new directory", true},
		{"link", link, "scratch " + link + " is there and no directory: name a new directory", true},
		{"no parent", filepath.Join(dir, "no/such"), "make scratch: mkdir ", false},
	} {
		remove, err := MakeScratch(tt.dir)
		if (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.err)
		}
		if err == nil {
			below := filepath.Join(tt.dir, "read-only")
			if err := os.Mkdir(below, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(below, "file"), nil, 0o444); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(below, 0o555); err != nil {
				t.Fatal(err)
			}
			if err := remove(); err != nil {
				t.Errorf("%s: remove: %v", tt.name, err)
			}
		}
		if _, err := os.Lstat(tt.dir); (err == nil) != tt.remains {
			t.Errorf("%s: got %v, want it to remain: %v", tt.name, err, tt.remains)
		}
	}
	if _, err := os.Stat(filepath.Join(full, "precious")); err != nil {
		t.Error(err)
	}
	if entries, err := os.ReadDir(empty); err != nil || len(entries) > 0 {
		t.Errorf("empty: got %v, %v, want nothing in it", entries, err)
	}
}

// A copy is whole or not there, and no device is written to.
func TestCopyFile(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
	if err := os.WriteFile(from, []byte("text"), 0o555); err != nil {
		t.Fatal(err)
	}
	if err := CopyFile(from, to); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(to)
	info, statErr := os.Stat(to)
	if err != nil || statErr != nil || string(got) != "text" || info.Mode() != 0o755 {
		t.Errorf("got %q, %v, %v, want the text and run bits", got, err, info)
	}
	if err := CopyFile(dir, to); err == nil {
		t.Error("a directory was copied")
	}
	if got, err := os.ReadFile(to); err != nil || string(got) != "text" {
		t.Errorf("after a failure: got %q, %v, want the file as it was", got, err)
	}
	if err := CopyFile(from, os.DevNull); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("to a device: got %v", err)
	}
}
