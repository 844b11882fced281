// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/rules-kheaders/rules_kheaders/internal/bench"
)

// noReflinksError says why there is no file system that shares blocks.
type noReflinksError struct{ why string }

func (e *noReflinksError) Error() string { return e.why }

// fileSystems that share blocks, and what makes them.
var fileSystems = []struct{ name, mkfs, pkg string }{
	{"XFS", "mkfs.xfs", "xfsprogs"},
	{"btrfs", "mkfs.btrfs", "btrfs-progs"},
}

// withReflinks calls use with a directory on a file system that shares blocks:
// XFS or btrfs in a file below dir, on a loop device, with room for three files
// of size bytes. Where none can be had, the error is a *noReflinksError.
func withReflinks(ctx context.Context, dir string, size int64, use func(name, mounted string) error) (err error) {
	if os.Geteuid() != 0 {
		return &noReflinksError{"only root can mount a loop device"}
	}
	why := &noReflinksError{"there is no program that makes XFS or btrfs: install one with 'apt-get install xfsprogs'"}
	for _, fs := range fileSystems {
		if _, err := exec.LookPath(fs.mkfs); err != nil {
			continue
		}
		mounted, unmount, err := mount(ctx, dir, fs.mkfs, 4*size+1<<30)
		if err != nil {
			if ctx.Err() != nil {
				return err
			}
			why = &noReflinksError{err.Error()}
			continue
		}
		return errors.Join(use(fs.name+" on a loop device", mounted), unmount())
	}
	return why
}

// mount makes a file system of size bytes, sparse, in a file, and mounts it.
func mount(ctx context.Context, dir, mkfs string, size int64) (mounted string, unmount func() error, err error) {
	image, mounted := filepath.Join(dir, "image"), filepath.Join(dir, "mounted")
	if err := os.WriteFile(image, nil, 0o600); err != nil {
		return "", nil, err
	}
	if err := os.Truncate(image, size); err != nil {
		return "", nil, err
	}
	if err := os.MkdirAll(mounted, 0o755); err != nil {
		return "", nil, err
	}
	if err := bench.Run(ctx, dir, mkfs, "-q", image); err != nil {
		return "", nil, errors.Join(err, os.Remove(image))
	}
	if err := bench.Run(ctx, dir, "mount", "-o", "loop", image, mounted); err != nil {
		return "", nil, errors.Join(err, os.Remove(image))
	}
	return mounted, func() error {
		// Not with ctx: what was mounted is unmounted after an interrupt too.
		return bench.Run(context.Background(), "", "umount", mounted)
	}, nil
}
