// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// Series is a kernel's version as far as what a build needs depends on it: 6.1
// of 6.1.192-lab.
type Series struct{ Major, Minor int }

// Tested are the series that the table is written for. What is between two of
// them is served by the rows of both.
var Tested = []Series{{5, 10}, {5, 15}, {6, 1}, {6, 6}, {6, 12}, {7, 2}}

// ParseSeries reads a series, or takes it from the beginning of a release.
func ParseSeries(release string) (Series, error) {
	major, rest, ok := strings.Cut(release, ".")
	end := 0
	for end < len(rest) && rest[end] >= '0' && rest[end] <= '9' {
		end++
	}
	a, errA := strconv.Atoi(major)
	b, errB := strconv.Atoi(rest[:end])
	if !ok || errA != nil || errB != nil || a < 0 {
		return Series{}, fmt.Errorf("read kernel series from %q: expected it to begin as 6.1 or 6.1.192-lab do", release)
	}
	return Series{a, b}, nil
}

// Compare returns -1, 0 or 1.
func (s Series) Compare(t Series) int {
	return cmp.Or(cmp.Compare(s.Major, t.Major), cmp.Compare(s.Minor, t.Minor))
}

func (s Series) String() string { return fmt.Sprintf("%d.%d", s.Major, s.Minor) }
