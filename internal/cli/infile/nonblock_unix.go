// SPDX-License-Identifier: Apache-2.0

//go:build unix

package infile

import "syscall"

// nonblock makes the open of a FIFO return at once. It changes nothing for a
// regular file.
const nonblock = syscall.O_NONBLOCK
