// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package pack

// newPiece returns empty memory of a capacity, in bytes.
func newPiece(size int) []byte { return make([]byte, 0, size) }
