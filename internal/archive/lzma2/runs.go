// SPDX-License-Identifier: Apache-2.0

package lzma2

import "slices"

// longRun is the number of bytes from which on a run of one byte is treated
// as one.
const longRun = 16

// runs finds the matches of long runs of one byte, and returns the places that
// are left. Places are all those where that byte is there twice.
//
// A tar archive has many of them, and they have too much in common: each place
// in one matches all the others, a little longer or shorter. Of use are only the
// byte before, and the places with as much of the run still before them: those
// may go on alike after it.
func (r *refiner) runs(places []uint32) []uint32 {
	n := len(places)
	if n == 0 {
		return nil
	}
	var counts [maxMatch + 1]uint32
	// The length is that of the next place and one more, or two.
	lengths := slices.Grow(r.lengths[:0], n)[:n]
	r.lengths = lengths
	long := 0
	for i := n - 1; i >= 0; i-- {
		l := uint16(2)
		switch {
		case i == n-1:
			// A run may go on behind the window's end.
			l = uint16(common(r.text, int(places[i])+1, int(places[i]), 1, maxMatch-1)) + 1
		case places[i+1] == places[i]+1:
			l = min(lengths[i+1]+1, maxMatch)
		}
		lengths[i] = l
		if l >= longRun {
			counts[l]++
			long++
		}
	}
	if long == 0 {
		return places
	}
	sum := uint32(0)
	for l, n := range counts {
		counts[l] = sum
		sum += n
	}
	starts := counts
	sorted := make([]uint32, long)
	rest := places[:0]
	for i, pos := range places {
		l := lengths[i]
		if l < longRun {
			rest = append(rest, pos)
			continue
		}
		sorted[counts[l]] = pos
		counts[l]++
		// A run's second byte is where it begins to repeat.
		if r.before(pos) != uint32(r.text[pos]) && pos+1 >= r.from {
			r.out.add(pos+1, 1, int(l)-1)
		}
	}
	for l := longRun; l <= maxMatch; l++ {
		r.places(sorted[starts[l]:counts[l]], l)
	}
	return rest
}
