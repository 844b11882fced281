// SPDX-License-Identifier: Apache-2.0

// Package kbuild drives a kernel's own build: it unpacks a source, configures
// it, runs make out of tree, and brings out what later steps need. Nothing of
// Kbuild is replaced; make is the tool.
package kbuild

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/rules-kheaders/rules_kheaders/internal/cli/infile"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/kmake"
)

// A Source is a kernel's source as it was released, and changes to it.
type Source struct {
	Tarball string   // a tar, compressed in any way GNU tar knows, with one top directory
	Patches []string // applied in order with patch -p1, without fuzz
	Overlay []string // "NAME=FILE": then put in place of the source's own files
}

// prepare unpacks the source into scratch/source and makes scratch/object.
func (s Source) prepare(log io.Writer, scratch string) (src, obj string, err error) {
	if err := kmake.Absolute(&s.Tarball); err != nil {
		return "", "", err
	}
	s.Patches = slices.Clone(s.Patches)
	if err := kmake.AbsoluteAll(s.Patches); err != nil {
		return "", "", err
	}
	src, obj = filepath.Join(scratch, "source"), filepath.Join(scratch, "object")
	if err := os.MkdirAll(obj, 0o755); err != nil {
		return "", "", err
	}
	return src, obj, s.unpack(log, src, scratch)
}

// unpack puts the source into dir and takes away the permission to write.
func (s Source) unpack(log io.Writer, dir, scratch string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, file := range append([]string{s.Tarball}, s.Patches...) {
		if err := infile.Check(file); err != nil {
			return fmt.Errorf("unpack the source: %w", err)
		}
	}
	if _, err := kmake.Run(log, dir, scratch, "tar", "--extract", "--file="+s.Tarball, "--strip-components=1", "--no-same-owner"); err != nil {
		return fmt.Errorf("unpack %s: %w", s.Tarball, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "Kbuild")); err != nil {
		return fmt.Errorf("unpack %s: no Kbuild in its top directory, expected a kernel source", s.Tarball)
	}
	for _, p := range s.Patches {
		if _, err := kmake.Run(log, dir, scratch, "patch", "-p1", "--fuzz=0", "--forward", "--no-backup-if-mismatch", "--input="+p); err != nil {
			return fmt.Errorf("patch the source with %s: %w", p, err)
		}
	}
	if err := place(dir, s.Overlay); err != nil {
		return err
	}
	return kmake.SetWritable(dir, false)
}

// place copies files, each given as NAME=FILE, to their names below dir.
func place(dir string, files []string) error {
	for _, f := range files {
		name, file, ok := strings.Cut(f, "=")
		if !ok || !filepath.IsLocal(name) {
			return fmt.Errorf("place %q: expected NAME=FILE, NAME relative to the tree", f)
		}
		to := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if err := kmake.CopyFile(file, to); err != nil {
			return err
		}
	}
	return nil
}

// A fileState is what changes when a file is written, replaced or removed.
type fileState struct {
	path  string
	size  int64
	mode  fs.FileMode
	mtime time.Time
}

// state lists all below dir, sorted by path.
func state(dir string) ([]fileState, error) {
	var all []fileState
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		all = append(all, fileState{rel, info.Size(), info.Mode(), info.ModTime()})
		return err
	})
	return all, err
}

// changed names the files that differ between two states.
func changed(before, after []fileState) []string {
	index := make(map[string]fileState, len(before))
	for _, f := range before {
		index[f.path] = f
	}
	var names []string
	for _, f := range after {
		if b, ok := index[f.path]; !ok || b != f {
			names = append(names, f.path)
		}
		delete(index, f.path)
	}
	for name := range index {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
