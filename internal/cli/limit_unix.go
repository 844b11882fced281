// SPDX-License-Identifier: Apache-2.0

//go:build unix

package cli

import (
	"os/signal"
	"syscall"
)

// ignoreFileSizeSignal makes a write beyond the limit of 'ulimit -f' an error,
// EFBIG, as one to a full disk is; the signal's default in a Go program is a
// stack trace.
func ignoreFileSizeSignal() { signal.Ignore(syscall.SIGXFSZ) }
