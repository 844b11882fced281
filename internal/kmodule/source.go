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
var notNeeded = []string{"*/drivers/*.[ch]", "*/sound/*.[ch]", "*/fs/*.c", "*/net/*.c", "*/Documentation/*.rst", "*.dts", "*.dtsi"}

// UnpackSource unpacks of a kernel's source, a tar with one top directory, what
// make modules_prepare reads, into the directory dir, and patches it.
func UnpackSource(log io.Writer, source string, patches []string, dir, scratch string) error {
	args := []string{"--extract", "--file=" + source, "--strip-components=1", "--no-same-owner"}
	for _, pattern := range notNeeded {
		args = append(args, "--exclude="+pattern)
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
