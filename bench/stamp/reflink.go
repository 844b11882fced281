// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/rules-kheaders/rules_kheaders/bench/internal/bench"
)

// noReflinksError says why there is no file system that shares blocks.
type noReflinksError struct{ why string }

func (e *noReflinksError) Error() string { return e.why }

// fileSystems that share blocks, and what makes them.
var fileSystems = []struct{ name, mkfs, pkg string }{
	{"xfs", "mkfs.xfs", "xfsprogs"},
	{"btrfs", "mkfs.btrfs", "btrfs-progs"},
}

// withReflinks calls use with a directory on each file system that shares blocks
// and can be had: in a file below dir, on a loop device, with room for three
// files of size bytes. Why one cannot be had is said by a *noReflinksError.
func withReflinks(ctx context.Context, dir string, size int64, use func(name, mounted string) error) []error {
	if os.Geteuid() != 0 {
		return []error{&noReflinksError{"only root can mount a loop device"}}
	}
	var errs []error
	for _, fs := range fileSystems {
		if _, err := exec.LookPath(fs.mkfs); err != nil {
			errs = append(errs, &noReflinksError{fmt.Sprintf("no %s: install with 'apt-get install %s'", fs.mkfs, fs.pkg)})
			continue
		}
		mounted, unmount, err := mount(ctx, dir, fs.mkfs, 4*size+1<<30)
		if err != nil && ctx.Err() == nil {
			errs = append(errs, &noReflinksError{err.Error()})
			continue
		}
		if err == nil {
			err = errors.Join(use(fs.name, mounted), unmount())
		}
		if err != nil {
			return append(errs, err)
		}
	}
	return errs
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
		return errors.Join(bench.Run(context.Background(), "", "umount", mounted), os.Remove(image))
	}, nil
}
