// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package guest

import "os/exec"

// dieWithParent does nothing: only Linux has such a signal.
func dieWithParent(*exec.Cmd) {}
