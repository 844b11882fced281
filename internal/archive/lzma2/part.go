// SPDX-License-Identifier: Apache-2.0

package lzma2

import (
	"hash/crc32"
	"sort"
)

// Part is what becomes one block: bytes in pieces, which need not be copied
// together to be compressed.
type Part [][]byte

// Len returns the number of bytes.
func (p Part) Len() (n int) {
	for _, piece := range p {
		n += len(piece)
	}
	return n
}

func (p Part) crc32() uint32 {
	check := crc32.NewIEEE()
	for _, piece := range p {
		check.Write(piece)
	}
	return check.Sum32()
}

// starts returns where each piece begins, and where the last one ends.
func (p Part) starts() []int {
	starts, at := make([]int, 0, len(p)+1), 0
	for _, piece := range p {
		starts = append(starts, at)
		at += len(piece)
	}
	return append(starts, at)
}

// copyAt fills dst with the bytes from at on, and returns how many there are.
func (p Part) copyAt(dst []byte, starts []int, at int) (n int) {
	i := sort.SearchInts(starts, at+1) - 1
	for ; i >= 0 && i < len(p) && n < len(dst); i++ {
		n += copy(dst[n:], p[i][at+n-starts[i]:])
	}
	return n
}
