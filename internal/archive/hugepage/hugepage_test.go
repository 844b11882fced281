// SPDX-License-Identifier: Apache-2.0

package hugepage

import "testing"

func TestMake(t *testing.T) {
	for _, n := range []int{0, 1, 1000, 8 << 20} {
		s := Make[uint32](n)
		if len(s) != n {
			t.Errorf("got %d values, want %d", len(s), n)
		}
		for i, v := range s {
			if v != 0 {
				t.Fatalf("value %d of %d is %d, want 0", i, n, v)
			}
			s[i] = uint32(i)
		}
	}
}
