// SPDX-License-Identifier: Apache-2.0

// Package kbuild drives a kernel's own build: it unpacks a source, configures
// it, runs make out of tree, and outputs what later steps need. Nothing of
// Kbuild is replaced; make is the tool.
package kbuild

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/rules-kheaders/rules_kheaders/internal/kernel/kmake"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/source"
)

// unpack unpacks the source into scratch/source, takes away the permission to
// write there, and makes scratch/object.
func unpack(s source.Source, log io.Writer, scratch string) (src, obj string, err error) {
	src, obj = filepath.Join(scratch, "source"), filepath.Join(scratch, "object")
	if err := os.MkdirAll(obj, 0o755); err != nil {
		return "", "", err
	}
	if err := s.Unpack(log, src, scratch); err != nil {
		return "", "", err
	}
	return src, obj, kmake.SetWritable(src, false)
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
