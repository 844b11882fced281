// SPDX-License-Identifier: Apache-2.0

//go:build bazel

// Package located reads in the stamps' reports how a reservation was found.
package located

import (
	"encoding/json"
	"os"
	"testing"
)

func TestLocatedBy(t *testing.T) {
	for name, want := range map[string]struct{ by, name string }{
		"demo":     {"section", ".rodata1"},
		"marker":   {"marker", ""},
		"section":  {"section", ".own"},
		"symbols":  {"symbols", "own,own_end"},
		"upstream": {"symbols", "kernel_headers_data,kernel_headers_data_end"},
	} {
		text, err := os.ReadFile(os.Getenv(name))
		if err != nil {
			t.Fatal(err)
		}
		var report struct {
			LocatedBy   string `json:"located_by"`
			LocatedName string `json:"located_name"`
		}
		if err := json.Unmarshal(text, &report); err != nil {
			t.Fatal(err)
		}
		if report.LocatedBy != want.by || report.LocatedName != want.name {
			t.Errorf("%s: located by %q %q, want %q %q", name, report.LocatedBy, report.LocatedName, want.by, want.name)
		}
	}
}
