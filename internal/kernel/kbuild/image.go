// SPDX-License-Identifier: Apache-2.0

package kbuild

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/rules-kheaders/rules_kheaders/internal/cli/infile"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/kmake"
)

// An Image is the bootable image of a finished vmlinux.
type Image struct {
	kmake.Target
	Tree    string // Kernel.ImageTree
	Vmlinux string // as linked, then stamped
	Goal    string // bzImage, Image, Image.gz
	Out     string

	Scratch string
	Log     io.Writer
}

// path is where the image is made below the objects' directory.
func (m Image) path() string {
	return filepath.Join("arch", m.SrcArch(), "boot", m.Goal)
}

// Build makes the image. vmlinux and Kconfig's results are final, so make is
// told to take them as they are (-o, for itself and through MAKE for every
// make that it starts): nothing is compiled or linked again but the wrapper.
func (m Image) Build() error {
	if err := kmake.Absolute(&m.Tree, &m.Vmlinux); err != nil {
		return err
	}
	if err := infile.Check(m.Tree); err != nil {
		return fmt.Errorf("unpack the image's tree: %w", err)
	}
	if _, err := kmake.Run(m.Log, m.Scratch, m.Scratch, "tar", "--extract", "--file="+m.Tree, "--no-same-owner"); err != nil {
		return fmt.Errorf("unpack %s: %w", m.Tree, err)
	}
	src, obj := filepath.Join(m.Scratch, "source"), filepath.Join(m.Scratch, "object")
	for _, dir := range []string{src, obj} {
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return fmt.Errorf("unpack %s: it has no %s/, expected what 'kbuild kernel --image-tree' wrote", m.Tree, filepath.Base(dir))
		}
	}
	if err := bindPaths(m.Scratch); err != nil {
		return err
	}
	if err := kmake.CopyFile(m.Vmlinux, filepath.Join(obj, "vmlinux")); err != nil {
		return err
	}
	// The tree's files have no times; of one time, they are up to date.
	if err := setTime(m.Scratch, time.Now()); err != nil {
		return err
	}
	const asIs = "make -o vmlinux -o vmlinux.unstripped -o include/config/auto.conf -o include/config/auto.conf.cmd -o include/generated/autoconf.h"
	args := append(m.Args(), "-s", "-C", src, "O="+obj, "MAKE="+asIs, m.Goal)
	args = append(args, debugPaths(m.Scratch, nil)...)
	if _, err := kmake.Run(m.Log, m.Scratch, m.Scratch, "make", args...); err != nil {
		return err
	}
	return kmake.CopyFile(filepath.Join(obj, m.path()), m.Out)
}
