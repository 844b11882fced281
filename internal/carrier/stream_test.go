// SPDX-License-Identifier: Apache-2.0

package carrier

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// Every place near the seam between two windows, and both ends.
func TestSearch(t *testing.T) {
	const pattern = "kernel_headers_data"
	size := 3*window + 100
	for _, at := range seams(size, len(pattern)+1) {
		p := bytes.Repeat([]byte("k"), size)
		copy(p[at:], pattern+"\x00")
		var got []int64
		collect := func(at int64) error { got = append(got, at); return nil }
		if err := search(bytes.NewReader(append([]byte("skipped"), p...)), 7, int64(size), []byte(pattern), collect); err != nil {
			t.Fatal(err)
		}
		if err := searchEnds(bytes.NewReader(p), 0, int64(size), []string{"other", pattern}, func(_ string, at int64) error { return collect(at) }); err != nil {
			t.Fatal(err)
		}
		if want := []int64{int64(at), int64(at)}; fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("found at %v, want %v", got, want)
		}
	}
}

// seams returns offsets at which something of n bytes fits, round each
// multiple of the window's size and at both ends.
func seams(size, n int) []int {
	offsets := []int{0, 1, size - n}
	for w := window; w < size; w += window {
		for at := w - 2*n; at <= w+2*n; at++ {
			if at+n <= size {
				offsets = append(offsets, at)
			}
		}
	}
	return offsets
}

func TestSearchEnds(t *testing.T) {
	for _, tt := range []struct {
		name  string
		table string
		want  string
	}{
		{"own names", "\x00aa\x00b\x00", "aa@1 b@4"},
		{"tail of a longer one", "\x00xaa\x00", "aa@2"},
		{"both ends", "aa\x00b\x00", "aa@0 b@3"},
		{"no NUL at the end", "\x00aa", ""},
		{"one in another", "\x00ab\x00", "b@2"},
		{"empty", "", ""},
	} {
		var got []string
		err := searchEnds(strings.NewReader(tt.table), 0, int64(len(tt.table)), []string{"aa", "b"}, func(name string, at int64) error {
			got = append(got, fmt.Sprintf("%s@%d", name, at))
			return nil
		})
		if err != nil || strings.Join(got, " ") != tt.want {
			t.Errorf("%s: found %q, %v; want %q", tt.name, got, err, tt.want)
		}
	}
}
