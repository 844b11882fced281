// SPDX-License-Identifier: Apache-2.0

package untar

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"

	"github.com/rules-kheaders/rules_kheaders/internal/cli/claim"
)

// tree writes below one directory, which is held open and claimed: whatever happens
// to the path meanwhile, and no matter who may write into it, no file and no directory is
// made or removed elsewhere. Links are made by the path, for os.Root cannot in Go
// 1.24: at once after a look that it still leads to what is held open.
type tree struct {
	path  string
	made  bool // the directory did not exist
	root  *os.Root
	claim *claim.Claim
	in    string   // the directory that cur is, relative to root
	cur   *os.Root // members come sorted: most are in the directory of the last

	mu       sync.Mutex // is held while something is made, and for good after a signal
	finished bool       // the directory is what it is to be
}

// create makes the directory, or takes an empty one: Bazel makes the directory
// of a declared output before the action runs. What a killed run has left in one is
// removed.
func create(dir string) (*tree, error) {
	t := &tree{path: dir}
	switch err := os.Mkdir(dir, modeDir); {
	case err == nil:
		t.made = true
	case errors.Is(err, fs.ErrExist):
		// Before it is opened: that of a FIFO would wait for who writes into it.
		if info, err := os.Stat(dir); err == nil && !info.IsDir() {
			return nil, fmt.Errorf("create directory: %s is no directory: %s", dir, expectedDir)
		}
	default:
		return nil, fmt.Errorf("create directory: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("create directory: %w", err)
	}
	t.root, t.cur, t.in = root, root, "."
	t.claim, err = claim.Take(root, func([]string) error { return t.clear() })
	if err != nil {
		root.Close()
		if t.made {
			os.Remove(dir) // fails if another run has it
		}
		var other *claim.NotEmptyError
		switch {
		case errors.As(err, &other):
			return nil, fmt.Errorf("create directory: %s is not empty: %s", dir, expectedDir)
		case errors.Is(err, claim.ErrBusy):
			return nil, fmt.Errorf("create directory: another run is unpacking into %s: %s", dir, expectedDir)
		}
		return nil, fmt.Errorf("create directory: %s: %w", dir, err)
	}
	return t, nil
}

const expectedDir = "expected a directory that does not exist or is empty"

// finish ends the work on the tree. If err is not nil, the directory becomes what it
// was.
func (t *tree) finish(err error) error {
	t.mu.Lock() // a signal comes before or after
	defer t.mu.Unlock()
	t.finished = true
	if err == nil {
		err = leadsTo(t.path, t.root)
	}
	if err != nil {
		err = errors.Join(err, t.remove())
	} else if err = t.claim.Give(); err != nil {
		err = errors.Join(err, t.remove())
	}
	if t.cur != t.root {
		t.cur.Close()
	}
	return errors.Join(err, t.root.Close())
}

// remove makes the directory what it was.
func (t *tree) remove() error {
	err := errors.Join(t.clear(), t.claim.Give())
	if t.made && err == nil && leadsTo(t.path, t.root) == nil {
		err = os.Remove(t.path)
	}
	if err != nil {
		return fmt.Errorf("remove what was unpacked: %w", err)
	}
	return nil
}

// clear removes all that is in the directory but the mark.
func (t *tree) clear() error { return clear(t.root, claim.Mark) }

// clear removes what is in a directory, but the entry keep. It follows no link.
func clear(dir *os.Root, keep string) error {
	d, err := dir.Open(".")
	if err != nil {
		return err
	}
	entries, err := d.ReadDir(-1)
	d.Close()
	for _, e := range entries {
		if e.Name() == keep {
			continue
		}
		if e.IsDir() {
			below, failed := dir.OpenRoot(e.Name())
			if failed == nil {
				failed = errors.Join(clear(below, ""), below.Close())
			}
			err = errors.Join(err, failed)
		}
		err = errors.Join(err, dir.Remove(e.Name()))
	}
	return err
}

// removeAtWork is remove while another goroutine unpacks, which ends that.
func (t *tree) removeAtWork() {
	t.mu.Lock()
	if !t.finished {
		t.remove()
	}
}

// leadsTo fails if a path leads to another directory than the one held open.
func leadsTo(path string, root *os.Root) error {
	held, err := root.Stat(".")
	if err != nil {
		return err
	}
	found, err := os.Stat(path)
	if err == nil && !os.SameFile(held, found) {
		err = fmt.Errorf("%s is another directory than it was: another process has replaced it", path)
	}
	return err
}

// check fails unless the directory holds the members, and nothing else.
func (t *tree) check(members map[string]member) error {
	found := 1 // the directory itself
	var below func(dir *os.Root, at string) error
	below = func(dir *os.Root, at string) error {
		d, err := dir.Open(".")
		if err != nil {
			return err
		}
		entries, err := d.ReadDir(-1)
		d.Close()
		if err != nil {
			return err
		}
		for _, e := range entries {
			name := path.Join(at, e.Name())
			if name == claim.Mark {
				continue
			}
			m, ok := members[name]
			info, err := e.Info()
			switch {
			case !ok:
				return fmt.Errorf("%q was not unpacked: another process has put it there", name)
			case err != nil:
				return err
			case m.mode != info.Mode().Type() || m.mode.IsRegular() && m.size != info.Size():
				return fmt.Errorf("%q is not what was unpacked: another process has replaced it", name)
			}
			found++
			if !e.IsDir() {
				continue
			}
			sub, err := dir.OpenRoot(e.Name())
			if err != nil {
				return err
			}
			err = below(sub, name)
			sub.Close()
			if err != nil {
				return err
			}
		}
		return nil
	}
	err := below(t.root, ".")
	if err == nil && found != len(members) {
		err = fmt.Errorf("it has %d files, directories and links, and %d were unpacked: another process has removed some", found-1, len(members)-1)
	}
	if err != nil {
		return fmt.Errorf("check %s: %w", t.path, err)
	}
	return nil
}

// make makes something. It does not return if a signal has come.
func (t *tree) make(what func() error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return what()
}

// enter makes cur the directory of that name.
func (t *tree) enter(dir string) error {
	if t.in == dir {
		return nil
	}
	next := t.root
	if dir != "." {
		from, name := t.root, dir
		if below, ok := strings.CutPrefix(dir, t.in+"/"); ok {
			from, name = t.cur, below
		}
		var err error
		if next, err = from.OpenRoot(name); err != nil {
			return fmt.Errorf("open directory: %w", err)
		}
	}
	if t.cur != t.root {
		t.cur.Close()
	}
	t.cur, t.in = next, dir
	return nil
}

func (t *tree) mkdir(name string) error {
	if err := t.enter(path.Dir(name)); err != nil {
		return err
	}
	if err := t.make(func() error { return t.cur.Mkdir(path.Base(name), modeDir) }); err != nil {
		return fmt.Errorf("create directory %q: %w", name, err)
	}
	return nil
}

// file writes all of in to a new file and returns its size in bytes.
func (t *tree) file(name string, mode fs.FileMode, in io.Reader, buf []byte) (n int64, err error) {
	if err := t.enter(path.Dir(name)); err != nil {
		return 0, err
	}
	var f *os.File
	err = t.make(func() (err error) {
		f, err = t.cur.OpenFile(path.Base(name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("create %q: %w", name, err)
	}
	// Hiding ReadFrom makes io.CopyBuffer use buf: one write a small file.
	n, err = io.CopyBuffer(struct{ io.Writer }{f}, struct{ io.Reader }{in}, buf)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return n, fmt.Errorf("unpack %q: %w", name, err)
	}
	return n, nil
}

// symlink makes a link. All files are there by now, and the target was checked.
func (t *tree) symlink(name, target string) error {
	if err := t.enter(path.Dir(name)); err != nil {
		return err
	}
	dir := filepath.Join(t.path, filepath.FromSlash(t.in))
	err := leadsTo(dir, t.cur)
	if err == nil {
		err = t.make(func() error { return os.Symlink(target, filepath.Join(dir, path.Base(name))) })
	}
	if err != nil {
		return fmt.Errorf("create link %q: %w", name, err)
	}
	return nil
}
