// SPDX-License-Identifier: Apache-2.0

//go:build bazel

package carriers

import (
	"debug/elf"
	"os"
	"strings"
	"testing"
)

// kheaders_module strips, after the stamp: the kernel's own module has debug
// information, and the one that is stamped, stripped and signed has none.
func TestStripped(t *testing.T) {
	for _, tt := range []struct {
		file string
		want bool
	}{{os.Getenv("MODULE"), true}, {os.Getenv("STRIPPED_MODULE"), false}} {
		f, err := elf.Open(tt.file)
		if err != nil {
			t.Fatal(err)
		}
		var debug []string
		for _, s := range f.Sections {
			if strings.HasPrefix(s.Name, ".debug_") {
				debug = append(debug, s.Name)
			}
		}
		f.Close()
		if got := len(debug) > 0; got != tt.want {
			t.Errorf("%s has debug information: %v (%s), want %v", tt.file, got, strings.Join(debug, " "), tt.want)
		}
	}
}
