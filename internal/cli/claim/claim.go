// SPDX-License-Identifier: Apache-2.0

// Package claim gives a directory that is to be filled to one process at a time, and
// tells what a killed process has left in one from what is somebody's.
package claim

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/rules-kheaders/rules_kheaders/internal/cli/filelock"
)

// Mark is the name of a file in a directory that is being filled. It is locked by the
// process that fills it.
const Mark = ".rules_kheaders.unfinished"

// owned is what the mark says once nothing but the process's own can be in the
// directory: all beside a mark that says it may be removed.
const owned = "This directory is being filled, or was when a process was killed.\nThe next run removes all that is in it.\n"

// A NotEmptyError reports that a directory holds files that our tools did not make.
type NotEmptyError struct{ Entry string }

func (e *NotEmptyError) Error() string { return fmt.Sprintf("it is not empty: it has %q", e.Entry) }

// ErrBusy says that another process fills the directory.
var ErrBusy = errors.New("another process is filling it")

// Claim is a directory that is claimed.
type Claim struct {
	root *os.Root
	mark *os.File
}

// Take claims a directory, which has to be empty or what a killed process has left:
// that is removed by remove, which is given the names of the entries. The directory is to
// stay open until Give.
func Take(root *os.Root, remove func(names []string) error) (c *Claim, err error) {
	names, err := entries(root)
	if err != nil {
		return nil, err
	}
	// Before there is a mark, so that no mark is ever beside what is somebody's.
	if _, err := root.Lstat(Mark); err != nil && len(names) > 0 {
		return nil, &NotEmptyError{names[0]}
	}
	c = &Claim{root: root}
	if err := c.lock(); err != nil {
		return nil, err
	}
	mark := c.mark
	defer func() {
		if err != nil {
			mark.Close()
		}
	}()
	if names, err = entries(root); err != nil {
		return nil, err
	}
	says, err := io.ReadAll(io.LimitReader(c.mark, int64(len(owned)+1)))
	if err != nil {
		return nil, err
	}
	if len(names) > 0 && string(says) != owned {
		err := error(&NotEmptyError{names[0]})
		if len(says) == 0 {
			// A run that was at work at the first look has finished since, and this mark is new.
			err = errors.Join(err, except(root.Remove(Mark), fs.ErrNotExist))
		}
		return nil, err
	}
	if len(names) > 0 {
		if err := remove(names); err != nil {
			return nil, fmt.Errorf("remove what a killed run has left: %w", err)
		}
	}
	if string(says) == owned {
		return c, nil
	}
	if _, err := c.mark.WriteAt([]byte(owned), 0); err != nil {
		return nil, errors.Join(err, root.Remove(Mark))
	}
	return c, nil
}

// lock opens and locks the mark.
func (c *Claim) lock() error {
	for {
		// To read and write, a FIFO is not waited for.
		f, err := c.root.OpenFile(Mark, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return err
		}
		info, err := f.Stat()
		locked := false
		if err == nil {
			// Neither a link nor anything else that somebody has put there.
			named, lost := c.root.Lstat(Mark)
			if errors.Is(lost, fs.ErrNotExist) {
				f.Close()
				continue
			}
			if err = lost; err == nil && (!os.SameFile(named, info) || !info.Mode().IsRegular()) {
				err = &NotEmptyError{Mark}
			}
		}
		if err == nil {
			locked, err = filelock.Try(f)
		}
		switch {
		case errors.Is(err, errors.ErrUnsupported):
			// Without locks, the mark can only be looked at.
			locked = info.Size() == 0
		case err != nil:
			f.Close()
			return err
		case locked && filelock.Removed(f):
			f.Close() // by the process that had it
			continue
		}
		if !locked {
			f.Close()
			return ErrBusy
		}
		c.mark = f
		return nil
	}
}

// Give removes the mark: what is in the directory is finished, or there is nothing.
// It may be called again.
func (c *Claim) Give() error {
	return errors.Join(except(c.root.Remove(Mark), fs.ErrNotExist), except(c.mark.Close(), fs.ErrClosed))
}

func except(err, not error) error {
	if errors.Is(err, not) {
		return nil
	}
	return err
}

// entries returns what is in the directory beside the mark.
func entries(root *os.Root) ([]string, error) {
	d, err := root.Open(".")
	if err != nil {
		return nil, err
	}
	defer d.Close()
	names, err := d.Readdirnames(-1)
	var others []string
	for _, n := range names {
		if n != Mark {
			others = append(others, n)
		}
	}
	return others, err
}
