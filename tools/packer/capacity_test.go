// SPDX-License-Identifier: Apache-2.0

package main

import "testing"

func TestCapacity(t *testing.T) {
	for _, tt := range []struct {
		text string
		want capacity
		ok   bool
	}{
		{"8388608", 8 << 20, true},
		{"8192K", 8 << 20, true},
		{"8M", 8 << 20, true},
		{"0", 0, true},
		{"-4", -4, true},
		{"8796093022207M", 8796093022207 << 20, true},
		{"8796093022208M", 0, false},
		{"9223372036854775808", 0, false},
		{"8MiB", 0, false},
		{"8m", 0, false},
		{"0x100", 0, false},
		{"M", 0, false},
		{"", 0, false},
	} {
		var got capacity
		if err := got.Set(tt.text); got != tt.want || (err == nil) != tt.ok {
			t.Errorf("Set(%q) = %v, %v; want %v, ok %v", tt.text, got, err, tt.want, tt.ok)
		}
	}
}
