// SPDX-License-Identifier: Apache-2.0

package lzma2

// Sizes of segments in bytes. A segment costs some 0.02 % of an archive of
// headers, because its probabilities start from nothing. Fewer of them keep
// fewer cores at work, and larger ones change more with an edit.
const (
	segmentLeast = 512 << 10
	segmentUsual = 512 << 10 // beyond the least, a power of 2
	segmentMost  = 2 << 20
)

// split returns where the segments of a part end. They end where the bytes
// before say so: an edit moves the ends near it, and no others.
func split(p Part) (ends []int) {
	var hash uint64
	start, at := 0, 0
	for _, piece := range p {
		for i := 0; i < len(piece); {
			// What is hashed is the last 64 bytes.
			if skip := segmentLeast - 64 - (at - start); skip > 0 {
				skip = min(skip, len(piece)-i)
				i, at = i+skip, at+skip
				continue
			}
			hash = hash<<1 + gear[piece[i]]
			i, at = i+1, at+1
			if n := at - start; n >= segmentLeast && hash>>(64-19) == 0 || n == segmentMost {
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
