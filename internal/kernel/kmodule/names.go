// SPDX-License-Identifier: Apache-2.0

package kmodule

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// notInMake are characters that make, or the shell that it starts, reads as
// something else than a part of a name: rules/private/names.bzl has the same.
const notInMake = " \t\n\"#$%&'()*,:;<=>?\\`|"

// spelled is notInMake for people.
const spelled = "blanks and \"#$%&'()*,:;<=>?\\`|"

// checkName fails if Kbuild cannot handle a name, which is what something of the
// module is called.
func checkName(what, name string) error {
	if i := strings.IndexAny(name, notInMake); i >= 0 {
		return fmt.Errorf("%s %q: Kbuild cannot handle the %q in its name; expected none of %s", what, name, name[i], spelled)
	}
	return nil
}

// checkNames checks all that the caller has named. Where the sources, the archive
// and the scratch directory are does not matter: see neutral.
func (m Module) checkNames() error {
	for _, s := range m.Sources {
		name, file, _ := strings.Cut(s, "=")
		if _, err := os.Stat(file); err != nil && strings.Contains(file, "=") {
			name = s // it is the name that has a =
		}
		if err := checkName("source", name); err != nil {
			return err
		}
		if strings.HasSuffix(name, ".rs") {
			return fmt.Errorf("source %s is Rust, which no archive has anything for: rustc reads rust/*.rmeta and the procedural macros of the kernel's own build; "+
				"write the module in C, or build it in the kernel's tree", name)
		}
	}
	for _, o := range m.Outs {
		name, _, _ := strings.Cut(o, "=")
		if err := checkName("module", name); err != nil {
			return err
		}
	}
	for _, dir := range m.Includes {
		if err := checkName("include directory", dir); err != nil {
			return err
		}
	}
	return checkName("directory", m.Dir)
}

// neutral says whether make can work in a directory of this path.
func neutral(path string) bool {
	return !strings.ContainsAny(filepath.Clean(path), notInMake)
}
