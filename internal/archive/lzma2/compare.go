// SPDX-License-Identifier: Apache-2.0

package lzma2

import (
	"encoding/binary"
	"math/bits"
)

// word returns the 8 bytes at text[at:], the first one lowest.
func word(text []byte, at int) uint64 { return binary.LittleEndian.Uint64(text[at:]) }

// common returns how many bytes at a and b are the same, when the first n are,
// up to limit; a is after b. At limit, text has 8 bytes more.
func common(text []byte, a, b, n, limit int) int {
	for n < limit {
		if x := word(text, a+n) ^ word(text, b+n); x != 0 {
			return min(n+bits.TrailingZeros64(x)/8, limit)
		}
		n += 8
	}
	return limit
}
