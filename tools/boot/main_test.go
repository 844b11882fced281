// SPDX-License-Identifier: Apache-2.0

package main

import "testing"

func TestWithin(t *testing.T) {
	for _, tt := range []struct {
		timeout int
		test    string
		want    int
	}{{240, "60", 55}, {30, "60", 30}, {240, "", 240}, {240, "x", 240}, {240, "3", 240}} {
		if got := within(tt.timeout, tt.test); got != tt.want {
			t.Errorf("%d in a test of %q: got %d, want %d", tt.timeout, tt.test, got, tt.want)
		}
	}
}
