// SPDX-License-Identifier: Apache-2.0

package claim

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func open(t *testing.T, dir string) *os.Root {
	t.Helper()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return root
}

func never([]string) error { return errors.New("something is to be removed") }

func TestTake(t *testing.T) {
	dir := t.TempDir()
	root := open(t, dir)
	c, err := Take(root, never)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Take(open(t, dir), never); !errors.Is(err, ErrBusy) {
		t.Errorf("meanwhile: got %v, want %v", err, ErrBusy)
	}
	if err := os.WriteFile(filepath.Join(dir, "f"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := c.Give(); err != nil {
			t.Error(err)
		}
	}
	var other *NotEmptyError
	if _, err := Take(root, never); !errors.As(err, &other) || other.Entry != "f" {
		t.Errorf("got %v, want that there is f", err)
	}
	if _, err := os.Lstat(filepath.Join(dir, Mark)); err == nil {
		t.Error("a mark is left")
	}
}

// A process that ends without Give leaves its mark, and what is beside it is removed.
func TestTakeLeft(t *testing.T) {
	dir := t.TempDir()
	c, err := Take(open(t, dir), never)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.WriteFile(filepath.Join(dir, "f"), nil, 0o600), c.mark.Close()); err != nil {
		t.Fatal(err)
	}
	failure := errors.New("no")
	if _, err := Take(open(t, dir), func([]string) error { return failure }); !errors.Is(err, failure) {
		t.Errorf("got %v, want the failure of the removal", err)
	}
	var removed []string
	c, err = Take(open(t, dir), func(names []string) error {
		removed = names
		return os.Remove(filepath.Join(dir, "f"))
	})
	if err != nil || len(removed) != 1 || removed[0] != "f" {
		t.Fatalf("got %v, %v, want f removed", removed, err)
	}
	if err := c.Give(); err != nil {
		t.Error(err)
	}
}

// A run that has finished between two looks of another is not taken for a killed one.
func TestTakeFinished(t *testing.T) {
	dir := t.TempDir()
	f := filepath.Join(dir, "f")
	for _, says := range []string{"", "mine", owned[:20]} {
		mark := filepath.Join(dir, Mark)
		if err := errors.Join(os.WriteFile(f, nil, 0o600), os.WriteFile(mark, []byte(says), 0o600)); err != nil {
			t.Fatal(err)
		}
		var other *NotEmptyError
		if _, err := Take(open(t, dir), never); !errors.As(err, &other) {
			t.Errorf("%q: got %v, want that it is not empty", says, err)
		}
		if _, err := os.Lstat(f); err != nil {
			t.Error(err)
		}
		if _, err := os.Lstat(mark); (err == nil) != (says != "") {
			t.Errorf("%q: mark: %v", says, err)
		}
	}
}
