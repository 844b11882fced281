// SPDX-License-Identifier: Apache-2.0

package kmake

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// PaholeFlags returns the variables for make that keep pahole from dividing its
// work, so that types get the same order each time. It is for a build that makes
// BTF, from a source or headers in the directory src, with objects in obj, which
// may be the same.
func PaholeFlags(log io.Writer, src, obj, scratch string) ([]string, error) {
	script := filepath.Join(src, "scripts/pahole-flags.sh")
	if _, err := os.Stat(script); err != nil {
		// scripts/Makefile.btf, since 6.10: -j$(JOBS).
		return []string{"JOBS=1"}, nil
	}
	out, err := Run(log, obj, scratch, "env", "PAHOLE=pahole", "sh", script)
	if err != nil {
		return nil, err
	}
	flags := slices.DeleteFunc(strings.Fields(string(out)), func(f string) bool { return f == "-j" })
	if len(flags) == 0 {
		return nil, errors.New("make BTF: there is no pahole that works; install it (Debian's package dwarves)")
	}
	return []string{"PAHOLE_FLAGS=" + strings.Join(flags, " ")}, nil
}
