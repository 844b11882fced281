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
	"time"
)

// tree writes below one directory, which is held open: whatever happens to the
// path meanwhile, and whoever may write into it, no file and no directory is
// made elsewhere. Links are made, and all is removed again, by the path, for
// os.Root cannot in Go 1.24: at once after a look that it still leads to what is
// held open.
type tree struct {
	path string
	made bool // the directory did not exist
	root *os.Root
	in   string   // the directory that cur is, relative to root
	cur  *os.Root // members come sorted: most are in the directory of the last
}

// create makes the directory, or takes an empty one: Bazel makes the directory
// of a declared output before the action runs.
func create(dir string) (*tree, error) {
	t := &tree{path: dir}
	switch err := os.Mkdir(dir, modeDir); {
	case err == nil:
		t.made = true
	case errors.Is(err, fs.ErrExist):
		// Before it is opened: that of a FIFO would wait for who writes into it.
		if info, err := os.Stat(dir); err == nil && !info.IsDir() {
			return nil, fmt.Errorf("create directory: %s is no directory: expected a directory that does not exist or is empty", dir)
		}
		entries, err := firstEntry(dir)
		if err != nil {
			return nil, fmt.Errorf("create directory: %w", err)
		}
		if len(entries) > 0 {
			return nil, fmt.Errorf("create directory: %s is not empty: expected a directory that does not exist or is empty", dir)
		}
	default:
		return nil, fmt.Errorf("create directory: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, t.finish(fmt.Errorf("create directory: %w", err))
	}
	t.root, t.cur, t.in = root, root, "."
	return t, nil
}

func firstEntry(dir string) ([]string, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	names, err := f.Readdirnames(1)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return names, err
}

// finish closes what is open and, if err is not nil, removes what was made.
func (t *tree) finish(err error) error {
	if err != nil {
		err = errors.Join(err, t.remove())
	}
	if t.cur != nil && t.cur != t.root {
		t.cur.Close()
	}
	if t.root != nil {
		t.root.Close()
	}
	return err
}

// remove makes the directory what it was.
func (t *tree) remove() error {
	if t.root != nil {
		if err := leadsTo(t.path, t.root); err != nil {
			return fmt.Errorf("remove what was unpacked: %w", err)
		}
	}
	return t.removeAll()
}

func (t *tree) removeAll() error {
	if t.made {
		return os.RemoveAll(t.path)
	}
	names, err := os.ReadDir(t.path)
	for _, n := range names {
		err = errors.Join(err, os.RemoveAll(filepath.Join(t.path, n.Name())))
	}
	return err
}

// removeAtWork is remove while another goroutine unpacks, which ends that.
func (t *tree) removeAtWork() {
	if leadsTo(t.path, t.root) != nil {
		return
	}
	t.root.Close()
	// What is being made may come behind what is removed, for a moment.
	for try := 0; try < 10 && t.removeAll() != nil; try++ {
		time.Sleep(20 * time.Millisecond)
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
		err = fmt.Errorf("%s is another directory than it was: somebody has replaced it", path)
	}
	return err
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
	if err := t.cur.Mkdir(path.Base(name), modeDir); err != nil {
		return fmt.Errorf("create directory %q: %w", name, err)
	}
	return nil
}

// file writes all of in to a new file and returns its size in bytes.
func (t *tree) file(name string, mode fs.FileMode, in io.Reader, buf []byte) (n int64, err error) {
	if err := t.enter(path.Dir(name)); err != nil {
		return 0, err
	}
	f, err := t.cur.OpenFile(path.Base(name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
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
		err = os.Symlink(target, filepath.Join(dir, path.Base(name)))
	}
	if err != nil {
		return fmt.Errorf("create link %q: %w", name, err)
	}
	return nil
}
