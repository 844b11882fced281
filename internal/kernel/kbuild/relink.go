// SPDX-License-Identifier: Apache-2.0

package kbuild

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/rules-kheaders/rules_kheaders/internal/kernel/kmake"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/source"
)

// A Relink is the other way to get an archive into a kernel: link a second time,
// with the archive inside. It needs the source and the whole objects' tree where
// stamping needs neither; the tests hold stamping against it. The source may
// differ from the first one's in kernel/kheaders.c.
type Relink struct {
	kmake.Target
	source.Source
	Objects   string   // Kernel.Objects
	Archive   string   // what to embed
	Variables []string // as in Kernel

	Vmlinux, Symvers, Image, ImageGoal string // the second link's

	Scratch string
	Log     io.Writer
}

// Build links the kernel again and makes its image. Scratch is as for the kernel,
// from scratch.Run: objects name it.
func (r Relink) Build() error {
	if err := kmake.Absolute(&r.Objects, &r.Archive); err != nil {
		return err
	}
	src, obj, err := unpack(r.Source, r.Log, r.Scratch)
	if err != nil {
		return err
	}
	if _, err := kmake.Run(r.Log, obj, r.Scratch, "tar", "--extract", "--file="+r.Objects, "--no-same-owner"); err != nil {
		return fmt.Errorf("unpack %s: %w", r.Objects, err)
	}
	if err := bindPaths(r.Scratch); err != nil {
		return err
	}
	// To make, objects of one time that is later than the source's are up to date;
	// kheaders.c is not, for it may be another than the one that was compiled.
	now := time.Now()
	if err := setTime(obj, now.Add(-time.Minute)); err != nil {
		return err
	}
	if err := os.Chtimes(filepath.Join(src, "kernel/kheaders.c"), now, now); err != nil {
		return err
	}
	k := Kernel{Target: r.Target, Source: r.Source, Variables: r.Variables, Scratch: r.Scratch, Log: r.Log}
	if _, err := k.make(src, obj, k.embed(r.Archive), "vmlinux", "modules", r.ImageGoal); err != nil {
		return err
	}
	for name, out := range map[string]string{"Module.symvers": r.Symvers, "vmlinux": r.Vmlinux} {
		if err := kmake.CopyFile(filepath.Join(obj, name), out); err != nil {
			return err
		}
	}
	return kmake.CopyFile(filepath.Join(obj, Image{Target: r.Target, Goal: r.ImageGoal}.path()), r.Image)
}

// setTime gives all files below dir one time.
func setTime(dir string, t time.Time) error {
	all, err := state(dir)
	if err != nil {
		return err
	}
	for _, f := range all {
		if f.mode&os.ModeSymlink != 0 {
			continue
		}
		if err := os.Chtimes(filepath.Join(dir, f.path), t, t); err != nil {
			return err
		}
	}
	return nil
}
