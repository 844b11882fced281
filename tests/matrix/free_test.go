// SPDX-License-Identifier: Apache-2.0

//go:build bazel

// Package matrix looks at what is reserved for several kernels' archives.
package matrix

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// A capacity that is computed holds the archive, and little more.
func TestLittleIsFree(t *testing.T) {
	reports := strings.Fields(os.Getenv("REPORTS"))
	if len(reports) != 3 {
		t.Fatalf("got the reports of %d kernels, want 3", len(reports))
	}
	for _, file := range reports {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var r struct {
			Release        string
			Capacity, Free int64
		}
		if err := json.Unmarshal(text, &r); err != nil {
			t.Fatal(err)
		}
		percent := 100 * float64(r.Free) / float64(r.Capacity)
		t.Logf("%s: %d of %d bytes are free, %.2f %%", r.Release, r.Free, r.Capacity, percent)
		if r.Capacity == 0 || percent > 4 {
			t.Errorf("%s: %.2f %% of the capacity is free, want at most 4 %%", r.Release, percent)
		}
	}
}
