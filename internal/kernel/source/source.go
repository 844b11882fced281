// SPDX-License-Identifier: Apache-2.0

// Package source unpacks a kernel's source as it was released, and changes it.
package source

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/cli/infile"
	"github.com/rules-kheaders/rules_kheaders/internal/cli/pair"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/kmake"
)

// notNeeded is what of a source make modules_prepare does not read; Kconfig
// files and Makefiles are read everywhere.
var notNeeded = []struct{ dir, files string }{
	{"Documentation", "*.rst"},
	{"arch/*/boot/dts", "*.dts*"},
	{"drivers", "*.[ch]"},
	{"fs", "*.c"},
	{"net", "*.c"},
	{"sound", "*.[ch]"},
}

// exclusions are GNU tar's options to leave out notNeeded. A * that matches
// slashes would match include/sound too, so each depth has a pattern; no source
// has files that lie deeper than 9 directories, and if one had, they would be unpacked.
func exclusions() []string {
	args := []string{"--anchored", "--no-wildcards-match-slash"}
	for _, n := range notNeeded {
		for depth := range 10 {
			args = append(args, "--exclude=*/"+n.dir+"/"+strings.Repeat("*/", depth)+n.files)
		}
	}
	return args
}

// A Source is a kernel's source as it was released, and changes to it.
type Source struct {
	Tarball string   // a tar, compressed in any way GNU tar knows, with one top directory
	Patches []string // applied in order with patch -p1, without fuzz
	Overlay []string // "NAME=FILE": then put in place of the source's own files
}

// Unpack unpacks the source into the directory dir, and changes it. scratch is for
// what the programs write.
func (s Source) Unpack(log io.Writer, dir, scratch string) error {
	return s.unpack(log, dir, scratch, nil)
}

// UnpackForModules is Unpack for what make modules_prepare reads.
func (s Source) UnpackForModules(log io.Writer, dir, scratch string) error {
	if len(s.Patches) > 0 { // a patch may change any file
		return s.Unpack(log, dir, scratch)
	}
	return s.unpack(log, dir, scratch, exclusions())
}

func (s Source) unpack(log io.Writer, dir, scratch string, options []string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	files := append([]string{s.Tarball}, s.Patches...)
	if err := kmake.AbsoluteAll(files); err != nil {
		return err
	}
	for _, file := range files {
		if err := infile.Check(file); err != nil {
			return fmt.Errorf("unpack the source: %w", err)
		}
	}
	args := append([]string{"--extract", "--file=" + files[0], "--strip-components=1", "--no-same-owner"}, options...)
	if _, err := kmake.Run(log, dir, scratch, "tar", args...); err != nil {
		return fmt.Errorf("unpack %s: %w", files[0], err)
	}
	if _, err := os.Stat(filepath.Join(dir, "Kbuild")); err != nil {
		return fmt.Errorf("unpack %s: no Kbuild in its top directory, expected a kernel source", files[0])
	}
	for _, p := range files[1:] {
		if _, err := kmake.Run(log, dir, scratch, "patch", "-p1", "--fuzz=0", "--forward", "--no-backup-if-mismatch", "--input="+p); err != nil {
			return fmt.Errorf("patch the source with %s: %w", p, err)
		}
	}
	return Place(dir, s.Overlay)
}

// Place copies files, each given as NAME=FILE, to their names below dir.
func Place(dir string, files []string) error {
	for _, f := range files {
		name, file, err := pair.Local(f)
		if err != nil {
			return fmt.Errorf("place %w", err)
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

var versionLine = regexp.MustCompile(`(?m)^(VERSION|PATCHLEVEL|SUBLEVEL|EXTRAVERSION)[ \t]*=[ \t]*(\S*)[ \t]*$`)

// Version is the version that a tree's top Makefile begins with, KERNELVERSION.
// A release need not begin with it: Debian's 6.1.0-50-amd64 is of 6.1.176.
func Version(dir string) (string, error) {
	file := filepath.Join(dir, "Makefile")
	text, err := infile.ReadFile(file)
	if err != nil {
		return "", err
	}
	said := map[string]string{}
	for _, m := range versionLine.FindAllSubmatch(text, -1) {
		if _, ok := said[string(m[1])]; !ok {
			said[string(m[1])] = string(m[2])
		}
	}
	if said["VERSION"] == "" || said["PATCHLEVEL"] == "" {
		return "", fmt.Errorf("read %s: no lines VERSION = and PATCHLEVEL =, expected a kernel's top Makefile", file)
	}
	v := said["VERSION"] + "." + said["PATCHLEVEL"]
	if said["SUBLEVEL"] != "" {
		v += "." + said["SUBLEVEL"]
	}
	return v + said["EXTRAVERSION"], nil
}
