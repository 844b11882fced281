// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSaw(t *testing.T) {
	lines := []string{"one", "two", "three"}
	if err := saw(lines, "one", "three"); err != nil {
		t.Errorf("got %v, expected none", err)
	}
	if err := saw(lines, "two", "one"); err == nil || !strings.Contains(err.Error(), `"one"`) {
		t.Errorf("got %v, expected that one is not behind two", err)
	}
}

func TestWriteTree(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"usr/bin/prog": "#!/bin/sh\n", "usr/share/doc/prog/README": "unread\n"} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("usr/bin", filepath.Join(dir, "bin")); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "tree.cpio")
	if err := writeTree(out, dir, "below"); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"below/usr/bin/prog\x00": true, "below/bin\x00": true, "below/usr/share\x00": true, "unread": false, "TRAILER!!!": true} {
		if got := strings.Contains(string(text), name); got != want {
			t.Errorf("%q is in the cpio: %v, want %v", name, got, want)
		}
	}
}
