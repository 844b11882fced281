// SPDX-License-Identifier: Apache-2.0

package lzma2

import (
	"slices"
	"testing"
	"time"
)

func TestPath(t *testing.T) {
	split := []Step{{"split", []time.Duration{1}}}
	window := []Step{{"copy", []time.Duration{1, 1}}, {ordering, []time.Duration{1}}, {ordered, []time.Duration{4, 2}}, {"encode", []time.Duration{6, 6}}}
	for _, tt := range []struct {
		windows [][]Step
		plan    plan
		workers int
		want    time.Duration
	}{
		{[][]Step{split, window}, plan{2, 1}, 1, 22},
		{[][]Step{split, window}, plan{2, 1}, 2, 13},
		{[][]Step{split, window}, plan{2, 1}, 100, 13},
		{[][]Step{split, window, window}, plan{2, 1}, 1, 43},
		// The second has no memory before the first is done.
		{[][]Step{split, window, window}, plan{1, 1}, 100, 25},
		// It has no order before the first's matches are found, and then has all to itself.
		{[][]Step{split, window, window}, plan{2, 1}, 100, 18},
		{[][]Step{split, window, window}, plan{2, 2}, 100, 13},
	} {
		if got := (&Trace{plan: tt.plan, windows: tt.windows}).Path(tt.workers); got != tt.want {
			t.Errorf("%d windows, %+v, %d workers: got %d, want %d", len(tt.windows)-1, tt.plan, tt.workers, got, tt.want)
		}
	}
}

// TestTrace has what Encode does traced: each task once.
func TestTrace(t *testing.T) {
	in := slices.Concat(header(200_000), random(600_000), random(600_000))
	for _, preset := range []Preset{Default, Fast} {
		ticks := time.Duration(0)
		trace := preset.Trace(Part{in}, 16, func() time.Duration { ticks++; return ticks })
		work, steps := trace.Work()
		if work == 0 || steps["split"] != 1 || steps["encode"] != time.Duration(len(split(Part{in}, preset.segment))) {
			t.Errorf("%s: got %v by %v", preset.name, work, steps)
		}
		if one, many := trace.Path(1), trace.Path(16); one != work || many >= one || many < work/16 {
			t.Errorf("%s: work of %d takes one worker %d, 16 workers %d", preset.name, work, one, many)
		}
	}
}
