// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"os"
	"syscall"
	"unsafe"
)

// defaultAction has the kernel end the program at the signal, and write no core
// file. Go's own way with SIGQUIT and SIGABRT, which signal.Reset leads back to, is
// a stack trace.
func defaultAction(s os.Signal) {
	number, ok := s.(syscall.Signal)
	if !ok {
		return
	}
	_ = syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{})
	// struct sigaction is laid out differently on some architectures, and is zeros on all
	// for SIG_DFL. The set of signals has 64 bits, on MIPS 128.
	var action [256]byte
	for _, size := range []uintptr{8, 16} {
		if _, _, failed := syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(number), uintptr(unsafe.Pointer(&action)), 0, size, 0, 0); failed == 0 {
			return
		}
	}
}
