// SPDX-License-Identifier: Apache-2.0

package segments

import (
	"crypto/sha256"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestDir(t *testing.T) {
	path := filepath.Join(t.TempDir(), "segments")
	open := func() *dir {
		t.Helper()
		s, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		return s.(*dir)
	}
	d := open()
	key := func(s string) [sha256.Size]byte { return sha256.Sum256([]byte(s)) }
	if got := d.Get(key("a")); got != nil {
		t.Errorf("nothing was put: got %q", got)
	}
	d.Put(key("a"), []byte("segment a"))
	d.Put(key("b"), []byte("segment b"))
	d = open()
	if got := string(d.Get(key("a"))); got != "segment a" {
		t.Errorf("got %q", got)
	}
	other := *d
	other.version[0]++
	if got := other.Get(key("a")); got != nil {
		t.Errorf("another build of the program: got %q", got)
	}

	// A file that is damaged, cut or empty is not there.
	whole, err := os.ReadFile(d.file(key("a")))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range [][]byte{nil, whole[:10], whole[:len(whole)-1], append([]byte{whole[0] ^ 1}, whole[1:]...), append(whole[:len(whole)-1:len(whole)-1], 'b')} {
		if err := os.WriteFile(d.file(key("a")), p, 0o600); err != nil {
			t.Fatal(err)
		}
		if got := d.Get(key("a")); got != nil {
			t.Errorf("%q: got %q", p, got)
		}
	}

	// The one that was not used for longest goes, and what a killed run left.
	d.Put(key("a"), []byte("segment a"))
	past := time.Now().Add(-2 * stale)
	left := filepath.Join(path, temporary+"1")
	if err := os.WriteFile(left, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{left, d.file(key("b"))} {
		if err := os.Chtimes(name, past, past); err != nil {
			t.Fatal(err)
		}
	}
	d.trim(60)
	if a, b := d.Get(key("a")), d.Get(key("b")); a == nil || b != nil {
		t.Errorf("got %q and %q, want the first only", a, b)
	}
	if _, err := os.Stat(left); err == nil {
		t.Error("what a killed run left is still there")
	}

	// Nothing else is put where it can be read by others, or was made by them.
	if err := os.Chmod(path, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); err == nil || !strings.Contains(err.Error(), "expected a directory of user") {
		t.Errorf("mode 0755: got %v", err)
	}
	// What cannot be written is not kept.
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
	d.Put(key("c"), []byte("segment c"))
	if got := d.Get(key("c")); got != nil {
		t.Errorf("no directory: got %q", got)
	}
}
