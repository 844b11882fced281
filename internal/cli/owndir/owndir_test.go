// SPDX-License-Identifier: Apache-2.0

package owndir

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

func TestMake(t *testing.T) {
	old := syscall.Umask(0)
	t.Cleanup(func() { syscall.Umask(old) })
	dir := filepath.Join(t.TempDir(), "d")
	for range 2 {
		if err := Make(dir); err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Lstat(dir)
	if err != nil || info.Mode() != os.ModeDir|0o700 {
		t.Errorf("got %v, %v, want a directory with mode 0700", info.Mode(), err)
	}
}

// What another user can have put there is refused, and is left as it is.
func TestMakeRefuses(t *testing.T) {
	for name, tt := range map[string]struct {
		plant func(t *testing.T, path string) error
		want  string
	}{
		"a directory that others can read": {func(t *testing.T, path string) error { return os.Mkdir(path, 0o755) }, "a directory of user"},
		"a file":                           {func(t *testing.T, path string) error { return os.WriteFile(path, nil, 0o700) }, "a file of user"},
		"a FIFO":                           {func(t *testing.T, path string) error { return syscall.Mkfifo(path, 0o700) }, "a file of user"},
		"a dangling link":                  {func(t *testing.T, path string) error { return os.Symlink("none", path) }, "a symbolic link of user"},
		"a link to a directory that is right": {func(t *testing.T, path string) error {
			return os.Symlink(t.TempDir(), path)
		}, "a symbolic link of user"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "d")
			if err := tt.plant(t, path); err != nil {
				t.Fatal(err)
			}
			before, err := os.Lstat(path)
			if err != nil {
				t.Fatal(err)
			}
			for what, try := range map[string]func() error{
				"Make": func() error { return Make(path) },
				"Take": func() error { _, err := Take(path); return err },
			} {
				if err := try(); err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "have it removed") {
					t.Errorf("%s: got %v, want %q and what to do", what, err, tt.want)
				}
			}
			after, err := os.Lstat(path)
			if err != nil || after.Mode() != before.Mode() || !os.SameFile(before, after) {
				t.Errorf("got %v, %v afterwards, want %v", after, err, before)
			}
		})
	}
}

func TestMakeRefusesAnother(t *testing.T) {
	if os.Geteuid() != 0 {
		// Only root can give a file away; the check of the owner is one comparison.
		t.Log("not run as root: the directory is that of root's own")
		if err := Make("/root"); err == nil {
			t.Error("got no error for /root")
		}
		return
	}
	dir := filepath.Join(t.TempDir(), "d")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(dir, 12345, -1); err != nil {
		t.Fatal(err)
	}
	if err := Make(dir); err == nil || !strings.Contains(err.Error(), "a directory of user 12345") {
		t.Errorf("got %v, want the owner", err)
	}
}

// One at a time has the directory, though each removes it at its end.
func TestTake(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "d")
	var inside atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range 50 {
				l, err := Take(dir)
				if err != nil {
					t.Error(err)
					return
				}
				if n := inside.Add(1); n != 1 {
					t.Errorf("%d have the directory", n)
				}
				if _, err := os.Lstat(dir); err != nil {
					t.Error(err)
				}
				inside.Add(-1)
				if err := l.Release(); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	wg.Wait()
	if _, err := os.Lstat(dir); !os.IsNotExist(err) {
		t.Errorf("the directory is left: %v", err)
	}
}

// What is left in a directory is there for the next.
func TestRelease(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "d")
	l, err := Take(dir)
	if err != nil {
		t.Fatal(err)
	}
	left := filepath.Join(dir, "left")
	if err := os.WriteFile(left, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := l.Release(); err != nil {
		t.Fatal(err)
	}
	if l, err = Take(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(left); err != nil {
		t.Error(err)
	}
	if err := os.Remove(left); err != nil {
		t.Fatal(err)
	}
	if err := l.Release(); err != nil {
		t.Fatal(err)
	}
}
