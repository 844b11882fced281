// SPDX-License-Identifier: Apache-2.0

package kmodule

import (
	"errors"
	"path/filepath"

	"github.com/rules-kheaders/rules_kheaders/internal/kernel/kconfig"
)

// CheckHostTools says which of the programs that a module's build needs does not
// run on this machine, for an unpacked archive.
func CheckHostTools(tree string) error {
	config, err := kconfig.ReadFile(filepath.Join(tree, "include/config/auto.conf"))
	if err != nil {
		return err
	}
	if why := hostToolProblem(tree, config); why != "" {
		return errors.New(why)
	}
	return nil
}
