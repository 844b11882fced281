// SPDX-License-Identifier: Apache-2.0

package lzma2

import "math/bits"

// split returns where the segments of a part end: a segment has least bytes or
// more, and twice as many at most. They end where the bytes before say so:
// an edit moves the ends near it, and no others. Least is a power of 2.
func split(p Part, least int) (ends []int) {
	most, shift := 2*least, 64-bits.TrailingZeros(uint(least))
	var hash uint64
	start, at := 0, 0
	for _, piece := range p {
		for i := 0; i < len(piece); {
			// What is hashed is the last 64 bytes.
			if skip := least - 64 - (at - start); skip > 0 {
				skip = min(skip, len(piece)-i)
				i, at = i+skip, at+skip
				continue
			}
			hash = hash<<1 + gear[piece[i]]
			i, at = i+1, at+1
			if n := at - start; n >= least && hash>>shift == 0 || n == most {
				ends = append(ends, at)
				start, hash = at, 0
			}
		}
	}
	if at > start {
		ends = append(ends, at)
	}
	return ends
}

// gear has a random number for each byte: a linear congruential generator's.
var gear = func() (g [256]uint64) {
	x := uint64(1)
	for i := range g {
		x = x*6364136223846793005 + 1442695040888963407
		g[i] = x ^ x>>29
	}
	return g
}()
