// SPDX-License-Identifier: Apache-2.0

package pack

import "syscall"

// newPiece returns empty memory of a capacity, in bytes. The kernel is asked to
// back it with huge pages: a fault for each small one took some 30 % of the CPU
// time before compression.
func newPiece(size int) []byte {
	p := make([]byte, size)
	syscall.Madvise(p, syscall.MADV_HUGEPAGE) // a hint: a kernel that cannot only takes longer
	return p[:0]
}
