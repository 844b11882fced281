// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/rules-kheaders/rules_kheaders/internal/cli/atomicfile"
)

// output is a file to write. An empty path is for one that is not wanted.
type output struct {
	path    string
	content []byte
}

type outputs []output

// check fails if two files have one name, however it is spelt, or if one would
// replace an input: one of those given, or one of those read from trees, of
// which there are thousands, by its own name. Names that are no file's are
// passed over.
func (files outputs) check(given, read []string) error {
	for i, f := range files {
		if f.path == "" {
			continue
		}
		for _, other := range files[i+1:] {
			if other.path != "" && sameName(f.path, other.path) {
				return fmt.Errorf("write file %s: two outputs have that name", f.path)
			}
		}
		there, err := os.Stat(f.path)
		if err != nil {
			continue // there is nothing to replace, or writing says what is wrong
		}
		base := filepath.Base(f.path)
		named := slices.DeleteFunc(slices.Clone(read), func(name string) bool { return filepath.Base(name) != base })
		for _, name := range slices.Concat(given, named) {
			if in, err := os.Stat(name); err == nil && os.SameFile(there, in) {
				return fmt.Errorf("write file %s: it is also an input, %s: give the output another name", f.path, name)
			}
		}
	}
	return nil
}

// sameName reports whether two paths are of one name in one directory.
func sameName(a, b string) bool {
	if filepath.Base(a) != filepath.Base(b) {
		return false
	}
	dirA, errA := os.Stat(filepath.Dir(a))
	dirB, errB := os.Stat(filepath.Dir(b))
	if errA != nil || errB != nil {
		return filepath.Clean(a) == filepath.Clean(b)
	}
	return os.SameFile(dirA, dirB)
}

// write writes all of the files or none: each is complete, and last has
// succeeded, before the first takes its name.
func (files outputs) write(last func() error) error {
	if len(files) == 0 {
		if last == nil {
			return nil
		}
		return last()
	}
	first, rest := files[0], files[1:]
	if first.path == "" {
		return rest.write(last)
	}
	return atomicfile.Write(first.path, 0o644, func(f *os.File) error {
		if _, err := f.Write(first.content); err != nil {
			var path *fs.PathError
			if errors.As(err, &path) {
				err = path.Err // without the temporary name
			}
			return fmt.Errorf("write file %s: %w", first.path, err)
		}
		return rest.write(last)
	})
}
