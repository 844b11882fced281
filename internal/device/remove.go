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
)

// Remove removes the kernel's trees, in memory and on disk, and the links to
// them. It returns what it has removed.
func (d *Device) Remove() ([]string, error) {
	if err := d.needRoot("remove"); err != nil {
		return nil, err
	}
	release, err := d.Release()
	if err != nil {
		return nil, err
	}
	if release == "" {
		return nil, fmt.Errorf("remove from %s: it has no kernel's modules", d.Root)
	}
	unlock, err := d.lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	return d.remove(release)
}

func (d *Device) remove(release string) (removed []string, err error) {
	memory, disk, err := d.trees(release)
	if err != nil {
		return nil, err
	}
	_, onDisk := readRecord(disk, false)
	if onDisk != nil && !errors.Is(onDisk, errNone) {
		return nil, onDisk
	}
	// The links first: what they lead to is complete until then.
	if err := d.unlink(release); err != nil {
		return nil, err
	}
	if !d.image() {
		if _, err := readRecord(memory, true); err == nil {
			removed = append(removed, memory)
		}
		if err := d.dropMemory(release); err != nil {
			return nil, err
		}
	}
	if onDisk != nil {
		return removed, nil
	}
	// By one rename, and then file by file.
	gone, clear, err := scratch(filepath.Dir(disk))
	if err == nil {
		defer clear()
		err = os.Rename(disk, filepath.Join(gone, "old"))
	}
	if err != nil {
		return removed, fmt.Errorf("remove %s: %w", disk, err)
	}
	return append(removed, disk), nil
}

// dropMemory unmounts the tree in memory.
func (d *Device) dropMemory(release string) error {
	dir, _, err := d.trees(release)
	if err != nil {
		return err
	}
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := unmount(dir); err != nil {
		return err
	}
	// It was the place of a mount, and is empty.
	if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove tree: %w", err)
	}
	return nil
}

// Prune removes the trees of kernels that are no longer installed, and what
// killed runs left. The running kernel's stay.
func (d *Device) Prune() ([]string, error) {
	if err := d.needRoot("prune"); err != nil {
		return nil, err
	}
	running := ""
	if !d.image() {
		var err error
		if running, err = d.Release(); err != nil {
			return nil, err
		}
	}
	unlock, err := d.lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	parent, err := d.path(onDisk)
	if err != nil {
		return nil, err
	}
	removed, err := removeUnfinished(parent)
	if err != nil {
		return removed, err
	}
	entries, err := os.ReadDir(parent)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return removed, fmt.Errorf("list trees: %w", err)
	}
	for _, e := range entries {
		release, ok := strings.CutPrefix(e.Name(), prefix)
		if !ok || checkRelease(release) != nil || release == running {
			continue
		}
		if _, err := readRecord(filepath.Join(parent, e.Name()), false); err != nil {
			continue // not ours to remove
		}
		there, err := d.kernelThere(release)
		if err != nil {
			return removed, err
		}
		if there {
			continue
		}
		more, err := d.remove(release)
		removed = append(removed, more...)
		if err != nil {
			return removed, err
		}
	}
	return removed, nil
}

// kernelThere says whether a kernel is installed: its modules or its image are.
func (d *Device) kernelThere(release string) (bool, error) {
	for _, name := range []string{"lib/modules/REL/modules.dep", "lib/modules/REL/kernel", "lib/modules/REL/modules.builtin",
		"boot/vmlinuz-REL", "boot/vmlinux-REL", "boot/Image-REL", "boot/kernel-REL"} {
		file, err := d.path(strings.ReplaceAll(name, "REL", release))
		if err != nil {
			return false, err
		}
		if _, err := os.Stat(file); err == nil {
			return true, nil
		}
	}
	return false, nil
}
