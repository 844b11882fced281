// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/rules-kheaders/rules_kheaders/bench/internal/bench"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/kmake"
)

// fullTree makes the kernel's build tree: the source, and beside it the objects
// with their way back to it, which are no members of the tar.
func (o options) fullTree(ctx context.Context, dir string) error {
	source, object := filepath.Join(dir, "source"), filepath.Join(dir, "object")
	if err := errors.Join(os.MkdirAll(source, 0o755), os.MkdirAll(object, 0o755)); err != nil {
		return err
	}
	if err := bench.Run(ctx, source, "tar", "--extract", "--file="+*o.linux, "--strip-components=1", "--no-same-owner"); err != nil {
		return err
	}
	if err := bench.Run(ctx, object, "tar", "--extract", "--file="+*o.objects, "--no-same-owner"); err != nil {
		return err
	}
	// scripts/mkmakefile: what `make O=` writes.
	makefile := fmt.Sprintf("include %s/Makefile\n", source)
	return errors.Join(
		os.WriteFile(filepath.Join(object, "Makefile"), []byte(makefile), 0o644),
		os.Symlink(source, filepath.Join(object, "source")),
	)
}

// writeModule makes the module's directory.
func (o options) writeModule(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(dir, "Kbuild"), []byte("obj-m := hello.o\n"), 0o644),
		kmake.CopyFile(*o.c, filepath.Join(dir, "hello.c")),
	)
}

// isModule is an error unless a file is a module that carries the kernel's CRCs.
func isModule(file string) error {
	f, err := elf.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	for _, section := range []string{".modinfo", "__versions"} {
		if s := f.Section(section); s == nil || s.Size == 0 {
			return fmt.Errorf("%s has no %s: it is no whole module", file, section)
		}
	}
	return nil
}
