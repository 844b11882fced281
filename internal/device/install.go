// SPDX-License-Identifier: Apache-2.0

//go:build linux

package device

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/rules-kheaders/rules_kheaders/internal/cli/cleanup"
	"golang.org/x/sys/unix"
)

// Install puts the headers on disk and links /lib/modules/REL to them. A tree in
// memory is given up.
func (d *Device) Install() (*Tree, error) {
	t, err := d.provide("install", false)
	if err == nil && t.Made && !d.image() {
		err = d.dropMemory(t.Release)
	}
	return t, err
}

// unfinished begins the name of a tree that is being made or removed. What a
// killed run left is removed by the next.
const unfinished = ".kheaders-"

// install fills a directory beside the tree's place and renames it.
func (d *Device) install(a *Archive, dir string) (*Tree, error) {
	_, err := readRecord(dir, false)
	older := err == nil
	if err != nil && !errors.Is(err, errNone) {
		return nil, err
	}
	parent := filepath.Dir(dir)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return nil, fmt.Errorf("install: %w", diskAdvice(err))
	}
	if _, err := removeUnfinished(parent); err != nil {
		return nil, err
	}
	made, remove, err := scratch(parent)
	if err != nil {
		return nil, fmt.Errorf("install: %w", diskAdvice(err))
	}
	defer remove()
	t, err := d.fill(a, filepath.Join(made, "tree"))
	if err != nil {
		return nil, err
	}
	// A crash after the rename must not find files without content.
	if err := sync(made); err != nil {
		return nil, err
	}
	// A signal that is removing what was made must not meet this.
	done, err := cleanup.Make(func() (undo func(), err error) {
		return func() {}, publish(filepath.Join(made, "tree"), dir, filepath.Join(made, "old"), older)
	})
	if err != nil {
		return nil, fmt.Errorf("install: %w", err)
	}
	done()
	t.Dir = dir
	return t, sync(parent)
}

// publish renames a tree to its place; one that is there goes to old.
func publish(tree, dir, old string, older bool) error {
	if !older {
		// An empty directory may be there.
		if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return os.Rename(tree, dir)
	}
	if err := os.Rename(dir, old); err != nil {
		return err
	}
	if err := os.Rename(tree, dir); err != nil {
		return errors.Join(err, os.Rename(old, dir))
	}
	return nil
}

// scratch makes a directory to work in. A signal removes it too.
func scratch(parent string) (dir string, remove func(), err error) {
	done, err := cleanup.Make(func() (undo func(), err error) {
		dir, err = os.MkdirTemp(parent, unfinished)
		return func() {
			// What is at work there may still make files, for a moment.
			for try := 0; try < 100 && os.RemoveAll(dir) != nil; try++ {
				time.Sleep(20 * time.Millisecond)
			}
		}, err
	})
	return dir, func() { os.RemoveAll(dir); done() }, err
}

// sync writes the file system of a directory to its disk.
func sync(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := unix.Syncfs(int(f.Fd())); err != nil {
		return fmt.Errorf("write %s to disk: %w", dir, err)
	}
	return nil
}

// removeUnfinished removes what killed runs left. It is called under the lock,
// so that no run is at work there.
func removeUnfinished(parent string) (removed []string, err error) {
	entries, err := os.ReadDir(parent)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), unfinished) || !e.IsDir() {
			continue
		}
		name := filepath.Join(parent, e.Name())
		if err := os.RemoveAll(name); err != nil {
			return removed, fmt.Errorf("remove what a killed run left: %w", err)
		}
		removed = append(removed, name)
	}
	return removed, nil
}

// diskAdvice adds what to do where the disk cannot be written to.
func diskAdvice(err error) error {
	if errors.Is(err, unix.EROFS) {
		return fmt.Errorf("%w; expected 'kheaders mount', which needs no disk", err)
	}
	return err
}
