// SPDX-License-Identifier: Apache-2.0

package lzma2

// inner says whether a place need not be sorted further: whether it, the one
// before it and the one after it are inside a stretch that repeats every few
// bytes, and have all that is looked at in common. The first depth bytes of the
// three are the same.
//
// In such a stretch all places one period apart are the same but for those near
// its end, which part one by one: without this, the others would be sorted again
// each time. What is found does not change: the three stay neighbours however
// much is sorted, and no match between them is told. Of a stretch stay the first
// place, where its match begins, and the last ones, which are the nearest for
// what comes after it.
func (r *refiner) inner(last, pos, next uint32, depth int) bool {
	// As the places overlap, the bytes from last to next are one period, twice.
	// So what is true of pos and next, further on, is of last and pos.
	period := next - pos
	return pos-last == period && int(period) <= depth && r.before(last) == r.before(pos) &&
		common(r.text, int(next), int(pos), depth, r.depth) == r.depth
}

// thin leaves out inner places.
func (r *refiner) thin(s []suffix, depth int) []suffix {
	kept := s[:1]
	for i := 1; i < len(s); i++ {
		if i+1 == len(s) || !r.inner(s[i-1].pos, s[i].pos, s[i+1].pos, depth) {
			kept = append(kept, s[i])
		}
	}
	return kept
}

// thinPlaces is thin for places.
func (r *refiner) thinPlaces(p []uint32, depth int) []uint32 {
	kept := p[:1]
	for i := 1; i < len(p); i++ {
		if i+1 == len(p) || !r.inner(p[i-1], p[i], p[i+1], depth) {
			kept = append(kept, p[i])
		}
	}
	return kept
}
