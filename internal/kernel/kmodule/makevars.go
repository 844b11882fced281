// SPDX-License-Identifier: Apache-2.0

package kmodule

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// makeVariable is a variable of make's command line.
var makeVariable = regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_.-]*)=(.*)$`)

// taken are the variables that this package sets, and what sets them for the caller.
var taken = map[string]string{
	"ARCH": "--arch", "AR": "--compiler", "CC": "--compiler", "CROSS_COMPILE": "--cross-compile", "HOSTCC": "--compiler", "KAFLAGS": "--ccflag",
	"KBUILD_EXTRA_SYMBOLS": "--extra-symbols", "KBUILD_EXTMOD": "--dir", "KBUILD_MODPOST_WARN": "--modpost-warn", "KCFLAGS": "--ccflag",
	"LD": "--compiler", "LLVM": "--llvm", "M": "--dir", "NM": "--compiler", "O": "--tree", "OBJCOPY": "--compiler", "PWD": "--dir",
	"READELF": "--compiler", "STRIP": "--compiler",
}

// CheckVariables fails unless each of words is a variable that make can be given
// beside those that this package sets. A value may refer to $(M).
func CheckVariables(words []string) error {
	for _, word := range words {
		found := makeVariable.FindStringSubmatch(word)
		if found == nil {
			return fmt.Errorf("argument %q: expected NAME=VALUE, a variable for make, as V=1", word)
		}
		if flag, ok := taken[found[1]]; ok {
			return fmt.Errorf("variable %s: %s sets it", word, flag)
		}
		if strings.Contains(strings.ReplaceAll(found[2], "$(M)", ""), "$") {
			return fmt.Errorf("variable %s: make would expand the $ in its value; expected no $ but in $(M), the directory of the Kbuild file", word)
		}
	}
	return nil
}

// further adds the caller's variables to those of the modules' options.
func (m Module) further(variables []string) ([]string, error) {
	if err := CheckVariables(m.Variables); err != nil {
		return nil, err
	}
	for _, word := range m.Variables {
		if name, _, _ := strings.Cut(word, "="); strings.HasPrefix(name, "CONFIG_") {
			return nil, fmt.Errorf("variable %s: sources would not see it; give it by --config", word)
		}
	}
	return append(variables, m.Variables...), nil
}

// verbose says whether make is to show its commands: any V but 0.
func (m Module) verbose() bool {
	return slices.ContainsFunc(m.Variables, func(v string) bool { return strings.HasPrefix(v, "V=") && v != "V=" && v != "V=0" })
}
