// SPDX-License-Identifier: Apache-2.0

package kmodule

import (
	"errors"
	"path/filepath"

	"github.com/rules-kheaders/rules_kheaders/internal/kernel/kmake"
)

// CheckHostTools says which of the programs that a module's build needs does not
// run on this machine, for an unpacked archive.
func CheckHostTools(tree string) error {
	config, err := kmake.ReadConfig(filepath.Join(tree, "include/config/auto.conf"))
	if err != nil {
		return err
	}
	if why := hostToolProblem(tree, config); why != "" {
		return errors.New(why)
	}
	return nil
}
