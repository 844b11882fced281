// SPDX-License-Identifier: Apache-2.0

//go:build linux

package device

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// Mount puts the headers into memory, until reboot, and links /lib/modules/REL
// to them. A tree on disk that is up to date is left to serve.
func (d *Device) Mount() (*Tree, error) {
	if d.image() {
		return nil, fmt.Errorf("mount in %s: an image has no memory; expected 'kheaders install --root %s'", d.Root, d.Root)
	}
	return d.provide("mount", true)
}

// provide makes the tree that there has to be, unless it is there.
func (d *Device) provide(command string, memory bool) (*Tree, error) {
	if err := d.needRoot(command); err != nil {
		return nil, err
	}
	release, err := d.Release()
	if err != nil && d.From == "" {
		return nil, err
	}
	if release != "" {
		if t := d.ready(release, memory); t != nil {
			return t, nil
		}
	}
	// What is made must be readable by all, whatever the caller's umask.
	defer unix.Umask(unix.Umask(0o022))
	unlock, err := d.lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	// Another run may have made it meanwhile.
	if release != "" {
		if t := d.ready(release, memory); t != nil {
			return t, nil
		}
	}
	return d.make(memory)
}

// ready returns a tree that is complete, up to date and linked, or nil.
func (d *Device) ready(release string, memory bool) *Tree {
	t := d.usable(release, memory)
	if t == nil || !d.linked(t) || !d.current(t) || d.canComplete(t) {
		return nil
	}
	return t
}

// usable returns the tree that a command is content with: mount with one on
// disk, install not with one in memory.
func (d *Device) usable(release string, memory bool) *Tree {
	inMemory, disk, err := d.trees(release)
	if err != nil {
		return nil
	}
	if t, err := readRecord(disk, false); err == nil && t.Release == release {
		return t
	}
	if memory {
		if t, err := readRecord(inMemory, true); err == nil && t.Release == release {
			return t
		}
	}
	return nil
}

// make makes the tree, or completes and links one that is there.
func (d *Device) make(memory bool) (*Tree, error) {
	a, err := d.Find()
	if err != nil {
		return nil, err
	}
	defer a.Close()
	if d.release == "" {
		d.release = a.Release
	}
	inMemory, disk, err := d.trees(a.Release)
	if err != nil {
		return nil, err
	}
	if err := d.checkLinks(a.Release); err != nil {
		return nil, err
	}
	t := d.usable(a.Release, memory)
	if t != nil && t.Content == a.Content {
		err = d.renew(t, a)
	} else if memory {
		t, err = d.mount(a, inMemory)
	} else {
		t, err = d.install(a, disk)
	}
	if err != nil {
		return nil, err
	}
	return t, d.link(t)
}

// renew completes a tree that has the archive's content already.
func (d *Device) renew(t *Tree, a *Archive) error {
	c, err := readTree(t.Dir)
	if err != nil {
		return err
	}
	t.archive, t.given, t.boot = a.File, d.From != "", bootID()
	if t.seen, err = d.seeing(t.Release, a.File); err != nil {
		return err
	}
	if err := d.complete(t, t.Dir, c); err != nil {
		return err
	}
	return t.writeRecord(t.Dir)
}

// mount fills a tmpfs that nobody sees, and which the kernel drops if this
// program dies, and mounts it when it is complete.
func (d *Device) mount(a *Archive, dir string) (*Tree, error) {
	if _, err := readRecord(dir, true); err != nil && !errors.Is(err, errNone) {
		return nil, err
	}
	hidden, err := newTmpfs()
	if err != nil {
		return nil, fmt.Errorf("mount tmpfs: %w", mountAdvice(err))
	}
	defer unix.Close(hidden)
	// Programs that are started, as compilers, find it by this too.
	t, err := d.fill(a, fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), hidden))
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("mount: %w", err)
	}
	if err := unmount(dir); err != nil { // an older tree
		return nil, err
	}
	if err := unix.MoveMount(hidden, "", unix.AT_FDCWD, dir, unix.MOVE_MOUNT_F_EMPTY_PATH); err != nil {
		return nil, fmt.Errorf("mount %s: %w", dir, mountAdvice(err))
	}
	t.Dir, t.Memory = dir, true
	return t, nil
}

// newTmpfs makes a tmpfs and returns its directory, which is not mounted
// anywhere (linux 5.2, as kheaders itself).
func newTmpfs() (int, error) {
	fs, err := unix.Fsopen("tmpfs", unix.FSOPEN_CLOEXEC)
	if err != nil {
		return -1, err
	}
	defer unix.Close(fs)
	for _, option := range [][2]string{{"source", madeBy}, {"mode", "0755"}} {
		if err := unix.FsconfigSetString(fs, option[0], option[1]); err != nil {
			return -1, fmt.Errorf("option %s: %w", option[0], err)
		}
	}
	if err := unix.FsconfigCreate(fs); err != nil {
		return -1, err
	}
	return unix.Fsmount(fs, unix.FSMOUNT_CLOEXEC, unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV)
}

// mountAdvice adds what to do to the errors that a caller can do something about.
func mountAdvice(err error) error {
	switch {
	case errors.Is(err, unix.EPERM):
		return fmt.Errorf("%w; a container may not mount: expected 'kheaders install'", err)
	case errors.Is(err, unix.ENOSYS):
		return fmt.Errorf("%w; this needs Linux 5.2: expected 'kheaders install'", err)
	}
	return err
}

// unmount takes a mount away, if there is one, also from under who uses it.
func unmount(dir string) error {
	err := unix.Unmount(dir, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW)
	if err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("unmount %s: %w", dir, err)
	}
	return nil
}

// mounted says whether this program has mounted something at a path.
func mounted(dir string) bool {
	p, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return false
	}
	for _, line := range strings.Split(string(p), "\n") {
		// proc_pid_mountinfo(5): the fifth field is the place; behind " - " are type and source.
		mount, fs, ok := strings.Cut(line, " - ")
		words, what := strings.Fields(mount), strings.Fields(fs)
		if ok && len(words) > 4 && words[4] == dir && len(what) > 1 && what[1] == madeBy {
			return true
		}
	}
	return false
}
