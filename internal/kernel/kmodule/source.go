// SPDX-License-Identifier: Apache-2.0

package kmodule

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/cli/infile"
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
	Tarball string   // a tar with one top directory
	Patches []string // for patch -p1
	Overlay []string // "NAME=FILE": then put in place of the source's own files
}

// Unpack unpacks what make modules_prepare reads into the directory dir, and
// changes it.
func (s Source) Unpack(log io.Writer, dir, scratch string) error {
	source := s.Tarball
	if err := kmake.Absolute(&source); err != nil {
		return err
	}
	args := []string{"--extract", "--file=" + source, "--strip-components=1", "--no-same-owner"}
	if len(s.Patches) == 0 { // a patch may change any file
		args = append(args, exclusions()...)
	}
	if _, err := kmake.Run(log, dir, scratch, "tar", args...); err != nil {
		return fmt.Errorf("unpack %s: %w", source, err)
	}
	if !exists(dir, "Kbuild") {
		return fmt.Errorf("unpack %s: no Kbuild in its top directory, expected a kernel source", source)
	}
	for _, p := range s.Patches {
		if err := kmake.Absolute(&p); err != nil {
			return err
		}
		if _, err := kmake.Run(log, dir, scratch, "patch", "-p1", "--fuzz=0", "--forward", "--no-backup-if-mismatch", "--input="+p); err != nil {
			return fmt.Errorf("patch the source with %s: %w", p, err)
		}
	}
	for _, o := range s.Overlay {
		name, file, ok := strings.Cut(o, "=")
		if !ok || !filepath.IsLocal(name) {
			return fmt.Errorf("overlay %q: expected NAME=FILE, NAME as in the source", o)
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

// version is the version that a tree's top Makefile begins with, KERNELVERSION.
// A release need not begin with it: Debian's 6.1.0-50-amd64 is of 6.1.176.
func version(dir string) (string, error) {
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
