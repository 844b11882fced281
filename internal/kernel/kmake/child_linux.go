// SPDX-License-Identifier: Apache-2.0

package kmake

import (
	"fmt"
	"os/exec"
	"syscall"
)

// dropDACOverride takes CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH (1 and 2,
// include/uapi/linux/capability.h) out of the calling thread's bounding set
// (prctl(2), PR_CAPBSET_DROP), so that programs it starts do not get them.
// Failing means that the caller may not drop them; the check that the source
// is unchanged still stands.
func dropDACOverride() {
	const prCapbsetDrop = 24
	for capability := uintptr(1); capability <= 2; capability++ {
		syscall.RawSyscall(syscall.SYS_PRCTL, prCapbsetDrop, capability, 0)
	}
}

// group has cmd start as a process group of its own. Should this program be
// killed, cmd is told to end: make then ends what it has started. The kernel sends
// that when the thread ends that started cmd (prctl(2), PR_SET_PDEATHSIG).
func group(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}

// killGroup kills a process that group has prepared, and all that it has started.
func killGroup(cmd *exec.Cmd) { syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

// watch has the process group that group has prepared killed when this program is,
// by a signal that cannot be caught: a make that is told to end leaves what the
// shells of its recipes have started. The watcher is a shell, for it is not to be of
// this program: it waits for the end of a pipe that this program alone can write to.
// Where there is no shell, the command goes on without it.
func watch(cmd *exec.Cmd) (stop func()) {
	watcher := exec.Command("/bin/sh", "-c", "read -r line; kill -s KILL -- -"+fmt.Sprint(cmd.Process.Pid))
	// Of a group of its own, for a terminal's signals and ours are for others.
	watcher.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	watcher.Env = []string{}
	pipe, err := watcher.StdinPipe()
	if err == nil {
		err = watcher.Start()
	}
	if err != nil {
		return func() {}
	}
	return func() {
		watcher.Process.Kill()
		watcher.Wait()
		pipe.Close()
	}
}
