// SPDX-License-Identifier: Apache-2.0

//go:build linux

package device

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// linkNames are the names below /lib/modules/REL by which tools find a kernel's
// headers: the directory that modules are built in, and the source.
var linkNames = []string{"build", "source"}

// target is what the links to a tree say: its path when the system runs.
func (d *Device) target(t *Tree) string {
	if t.Memory {
		return "/" + filepath.Join(inMemory, t.Release)
	}
	return "/" + filepath.Join(onDisk, prefix+t.Release)
}

// linked says whether the links lead to a tree.
func (d *Device) linked(t *Tree) bool {
	dir, err := d.path(modules, t.Release)
	if err != nil {
		return false
	}
	for _, name := range linkNames {
		to, err := os.Readlink(filepath.Join(dir, name))
		if err != nil || to != d.target(t) {
			return false
		}
	}
	return true
}

// ours says whether a link's target is a tree of this program's, made or not.
func ours(release, target string) bool {
	return target == "/"+filepath.Join(inMemory, release) || target == "/"+filepath.Join(onDisk, prefix+release)
}

// checkLinks fails if the kernel has headers of somebody else. A link that leads
// nowhere, as of the machine that built the kernel, counts for nothing.
func (d *Device) checkLinks(release string) error {
	for _, name := range linkNames {
		rel := filepath.Join(modules, release, name)
		dir, err := d.path(modules, release)
		if err != nil {
			return err
		}
		link := filepath.Join(dir, name)
		info, err := os.Lstat(link)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("look for other headers: %w", err)
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			return fmt.Errorf("link /%s: kheaders did not make what is there; expected a link or nothing: move it away", rel)
		}
		to, err := os.Readlink(link)
		if err != nil {
			return fmt.Errorf("look for other headers: %w", err)
		}
		if ours(release, to) {
			continue
		}
		real, err := d.path(rel)
		if err != nil {
			return err
		}
		if _, err := os.Stat(real); err == nil {
			return fmt.Errorf("link /%s: it leads to %s, the headers of another package, which tools use already; "+
				"expected none: remove that package, or the link, to use the archive", rel, to)
		}
	}
	return nil
}

// link makes the links. Where /lib/modules is read-only, it is covered by an
// overlay in memory.
func (d *Device) link(t *Tree) error {
	if d.linked(t) {
		return nil
	}
	dir, err := d.path(modules, t.Release)
	if err != nil {
		return err
	}
	err = d.linkIn(dir, t)
	if errors.Is(err, unix.EROFS) && !d.image() {
		if err = d.overlay(t.Release); err == nil {
			err = d.linkIn(dir, t)
		}
	}
	if err != nil {
		return fmt.Errorf("link /%s/build: %w; the headers are in %s", filepath.Join(modules, t.Release), err, t.Dir)
	}
	return nil
}

func (d *Device) linkIn(dir string, t *Tree) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, name := range linkNames {
		link := filepath.Join(dir, name)
		if to, err := os.Readlink(link); err == nil && to == d.target(t) {
			continue
		}
		// Renamed into place: there is no moment without a link.
		next := filepath.Join(dir, unfinished+name)
		if err := os.Remove(next); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := os.Symlink(d.target(t), next); err != nil {
			return err
		}
		if err := os.Rename(next, link); err != nil {
			os.Remove(next)
			return err
		}
	}
	return nil
}

// covers is where the overlay of a release's modules keeps what is written.
func covers(release string) string { return "/" + filepath.Join(inMemory, release+".modules") }

// overlay makes /lib/modules/REL writable until reboot, so that dkms can install
// there too. If there is none, it is /lib/modules that gets one.
func (d *Device) overlay(release string) error {
	dir := "/" + filepath.Join(modules, release)
	if _, err := os.Stat(dir); err != nil {
		dir = "/" + modules
	}
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return err
	}
	upper, work := filepath.Join(covers(release), "upper"), filepath.Join(covers(release), "work")
	for _, dir := range []string{upper, work} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	options := fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", real, upper, work)
	if err := unix.Mount(madeBy, real, "overlay", unix.MS_NOSUID|unix.MS_NODEV, options); err != nil {
		return fmt.Errorf("it is read-only, and an overlay over it fails: %w", err)
	}
	return nil
}

// unlink removes the links to the trees of a release, and the overlay.
func (d *Device) unlink(release string) error {
	dir, err := d.path(modules, release)
	if err != nil {
		return err
	}
	for _, name := range linkNames {
		link := filepath.Join(dir, name)
		if to, err := os.Readlink(link); err != nil || !ours(release, to) {
			continue
		}
		if err := os.Remove(link); err != nil && !errors.Is(err, unix.EROFS) {
			return fmt.Errorf("remove link: %w", err)
		}
	}
	// A directory that had nothing else was made for them.
	os.Remove(dir)
	return d.uncover(release)
}

// uncover takes the overlay away.
func (d *Device) uncover(release string) error {
	if d.image() {
		return nil
	}
	if _, err := os.Stat(covers(release)); err != nil {
		return nil
	}
	for _, dir := range []string{filepath.Join(modules, release), modules} {
		real, err := filepath.EvalSymlinks("/" + dir)
		if err != nil {
			continue
		}
		if !mounted(real) {
			continue
		}
		if err := unmount(real); err != nil {
			return err
		}
	}
	return os.RemoveAll(covers(release))
}
