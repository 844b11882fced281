// SPDX-License-Identifier: Apache-2.0

package atomicfile

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/cli/filelock"
	"github.com/rules-kheaders/rules_kheaders/internal/cli/infile"
)

// prefix begins the names of the temporary files for the output name. It is short,
// for name may be as long as names can be.
func prefix(name string) string {
	digest := sha256.Sum256([]byte(name))
	return fmt.Sprintf(".tmp-%x-", digest[:6])
}

// create makes a temporary file for the output name. It is locked, by lock, until it
// has that name or is removed.
func create(dir, name string) (f, lock *os.File, err error) {
	for {
		if f, err = os.CreateTemp(dir, prefix(name)+"*"); err != nil {
			return nil, nil, err
		}
		if lock, err = os.Open(f.Name()); err == nil {
			var locked bool
			locked, err = filelock.Try(lock)
			if errors.Is(err, errors.ErrUnsupported) || locked && !filelock.Removed(lock) {
				return f, lock, nil
			}
			lock.Close()
		}
		// Before it was locked, another run took it for one that is left.
		f.Close()
		os.Remove(f.Name())
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, nil, err
		}
	}
}

// removeLeft removes the temporary files of runs that were killed while they wrote
// the output name: those that are not locked any more. It does what it can.
func removeLeft(dir, name string) {
	d, err := os.Open(dir)
	if err != nil {
		return
	}
	defer d.Close()
	names, _ := d.Readdirnames(-1)
	for _, n := range names {
		if !strings.HasPrefix(n, prefix(name)) {
			continue
		}
		path := filepath.Join(dir, n)
		if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() {
			continue
		}
		left, err := infile.Open(path)
		if err != nil {
			continue
		}
		if locked, err := filelock.Try(left); locked && err == nil {
			os.Remove(path)
		}
		left.Close()
	}
}
