// SPDX-License-Identifier: Apache-2.0

// Package hugepage allocates large slices that the kernel backs with huge
// pages. A fault for each small page took some 30 % of the packer's CPU time
// before compression.
package hugepage

import "unsafe"

// Make returns a slice of n zero values of a type without pointers. Where the
// kernel has no huge pages, it is as make([]T, n).
func Make[T any](n int) []T {
	s := make([]T, n)
	if n > 0 {
		advise(unsafe.Slice((*byte)(unsafe.Pointer(&s[0])), uintptr(n)*unsafe.Sizeof(s[0])))
	}
	return s
}
