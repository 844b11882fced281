// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"os/exec"
	"syscall"
)

// dieWithParent has a program killed when this one is: a guest that hangs would
// run on for ever.
func dieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
