// SPDX-License-Identifier: Apache-2.0

// Package infile opens the files that the programs of this project read. All of
// them are regular files: a FIFO would be waited for, and a device may have no end.
package infile

import (
	"fmt"
	"io"
	"io/fs"
	"os"
)

// Open opens a regular file for reading, or a link to one. Anything else is an
// error, at once.
func Open(path string) (*os.File, error) {
	// Some devices do something when they are opened.
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if err := check(path, info); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDONLY|nonblock, 0)
	if err != nil {
		return nil, err
	}
	// Another file may have the name since.
	if info, err = f.Stat(); err == nil {
		err = check(path, info)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// ReadFile reads all of a file that Open opens.
func ReadFile(path string) ([]byte, error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

// Check fails for a file that Open does not open. It is for those that another program
// is to read.
func Check(path string) error {
	f, err := Open(path)
	if err != nil {
		return err
	}
	return f.Close()
}

// A KindError says that a file is no regular one.
type KindError struct {
	Path string
	Kind string // "a FIFO"
}

func (e *KindError) Error() string {
	return fmt.Sprintf("open %s: it is %s; expected a regular file", e.Path, e.Kind)
}

func check(path string, info fs.FileInfo) error {
	var kind string
	switch mode := info.Mode(); {
	case mode.IsRegular():
		return nil
	case mode.IsDir():
		kind = "a directory"
	case mode&fs.ModeNamedPipe != 0:
		kind = "a FIFO"
	case mode&fs.ModeSocket != 0:
		kind = "a socket"
	case mode&fs.ModeDevice != 0:
		kind = "a device"
	default:
		kind = "no regular file"
	}
	return &KindError{path, kind}
}
