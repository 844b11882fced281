// SPDX-License-Identifier: Apache-2.0

package kmodule

import (
	"fmt"
	"io"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/kmake"
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

// UnpackSource unpacks of a kernel's source, a tar with one top directory, what
// make modules_prepare reads, into the directory dir, and patches it.
func UnpackSource(log io.Writer, source string, patches []string, dir, scratch string) error {
	args := []string{"--extract", "--file=" + source, "--strip-components=1", "--no-same-owner"}
	if len(patches) == 0 { // a patch may change any file
		args = append(args, exclusions()...)
	}
	if _, err := kmake.Run(log, dir, scratch, "tar", args...); err != nil {
		return fmt.Errorf("unpack %s: %w", source, err)
	}
	if !exists(dir, "Kbuild") {
		return fmt.Errorf("unpack %s: no Kbuild in its top directory, expected a kernel source", source)
	}
	for _, p := range patches {
		if err := kmake.Absolute(&p); err != nil {
			return err
		}
		if _, err := kmake.Run(log, dir, scratch, "patch", "-p1", "--fuzz=0", "--forward", "--no-backup-if-mismatch", "--input="+p); err != nil {
			return fmt.Errorf("patch the source with %s: %w", p, err)
		}
	}
	return nil
}

// CheckVersion holds the version of a source, as make kernelversion says it,
// against the release of a kernel.
func CheckVersion(release, version string) error {
	release, version = strings.TrimSpace(release), strings.TrimSpace(version)
	if rest, ok := strings.CutPrefix(release, version); !ok || rest != "" && rest[0] >= '0' && rest[0] <= '9' {
		return fmt.Errorf("the kernel is of release %s, and the source of Linux %s; give the kernel's own", release, version)
	}
	return nil
}
