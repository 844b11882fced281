// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Package device puts the running kernel's headers where every tool looks for
// them, /lib/modules/REL/build: it finds the kernel's archive, checks it, and
// unpacks it in memory or on disk. It is the work of the program kheaders.
//
// A tree is complete or absent. In memory it is filled in a tmpfs that is not
// mounted anywhere yet, which the kernel drops if the program dies; on disk, in
// a directory beside its place, which is renamed at the end. What one run does
// to the system, it does under a lock.
package device

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// A Device is the system whose kernel's headers are wanted.
type Device struct {
	// Root is "/", or the directory of an image that is being made.
	Root string
	// From is an archive or a carrier to use instead of the kernel's own, or "".
	From string
	// Log gets progress, if it is a terminal, and warnings.
	Log io.Writer

	release string // see Release
	loaded  bool   // the module that carries the archive was loaded for it
}

// The places of trees, below the root.
const (
	inMemory = "run/kheaders"
	onDisk   = "usr/src"
	modules  = "lib/modules"
)

// prefix begins the name of a tree on disk; the release follows.
const prefix = "kheaders-"

// image says whether this is not the running system.
func (d *Device) image() bool { return filepath.Clean(d.Root) != "/" }

// Release is the kernel release that headers are wanted for: the running
// kernel's, or the one that an image has modules of; "" if it has none.
func (d *Device) Release() (string, error) {
	if d.release != "" {
		return d.release, nil
	}
	if !d.image() {
		var name unix.Utsname
		if err := unix.Uname(&name); err != nil {
			return "", fmt.Errorf("read the kernel's release: %w", err)
		}
		d.release = unix.ByteSliceToString(name.Release[:])
		return d.release, checkRelease(d.release)
	}
	installed, err := d.installed()
	if err != nil {
		return "", err
	}
	if len(installed) > 1 {
		return "", fmt.Errorf("find the kernel of %s: it has modules of %s; expected one kernel, or --from FILE with the archive of one of them", d.Root, strings.Join(installed, ", "))
	}
	if len(installed) == 1 {
		d.release = installed[0]
	}
	return d.release, nil
}

// installed are the releases that have a directory of modules.
func (d *Device) installed() ([]string, error) {
	dir, err := d.path(modules)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list kernels: %w", err)
	}
	var releases []string
	for _, e := range entries {
		if e.IsDir() && checkRelease(e.Name()) == nil {
			releases = append(releases, e.Name())
		}
	}
	return releases, nil
}

// checkRelease fails unless a release can be part of a file's name. Archives
// and kernels are not trusted with one.
func checkRelease(release string) error {
	if release == "" || len(release) > 64 || strings.HasPrefix(release, ".") || strings.ContainsFunc(release, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || r == '/' || r == '\\'
	}) {
		return fmt.Errorf("kernel release %q: expected a name as 'uname -r' prints it", release)
	}
	return nil
}

// path returns where a path of the system is. In an image, links lead to what
// they will lead to when it runs, and never out of it.
func (d *Device) path(elem ...string) (string, error) {
	rel := filepath.Join(elem...)
	if !d.image() {
		return filepath.Join("/", rel), nil
	}
	at := "" // below the root, without links
	rest := strings.Split(rel, "/")
	for links := 0; len(rest) > 0; {
		name := rest[0]
		rest = rest[1:]
		switch name {
		case "", ".":
			continue
		case "..":
			at = strings.TrimPrefix(filepath.Dir("/"+at), "/")
			continue
		}
		next := filepath.Join(at, name)
		target, err := os.Readlink(filepath.Join(d.Root, next))
		if err != nil {
			at = next
			continue
		}
		if links++; links > 40 {
			return "", fmt.Errorf("find %s in %s: symlink loop", rel, d.Root)
		}
		if filepath.IsAbs(target) {
			at = ""
		}
		rest = append(strings.Split(target, "/"), rest...)
	}
	return filepath.Join(d.Root, at), nil
}

// needRoot fails for a user who cannot change the running system.
func (d *Device) needRoot(command string) error {
	if d.image() || os.Geteuid() == 0 {
		return nil
	}
	return fmt.Errorf("%s needs root: expected 'sudo kheaders %s'", command, command)
}

// lock waits until no other run changes the system. The lock goes with the
// process.
func (d *Device) lock() (unlock func(), err error) {
	// Users must not be able to hold it: they cannot open the file.
	name, flags := "/run/kheaders.lock", os.O_RDWR|os.O_CREATE
	if d.image() {
		name, flags = d.Root, os.O_RDONLY // nothing is left in an image
	} else if err := os.MkdirAll("/run", 0o755); err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	f, err := os.OpenFile(name, flags, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		d.say("waiting for another kheaders to end")
		for err = unix.EINTR; errors.Is(err, unix.EINTR); {
			err = unix.Flock(int(f.Fd()), unix.LOCK_EX)
		}
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("lock %s: %w", name, err)
	}
	return func() { f.Close() }, nil
}
