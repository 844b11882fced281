// SPDX-License-Identifier: Apache-2.0

package pair

import "testing"

func TestSplit(t *testing.T) {
	for _, tt := range []struct {
		text, name, file string
		ok, local        bool
	}{
		{"a.h=out/a.h", "a.h", "out/a.h", true, true},
		{"dir/./a.h=x=y", "dir/./a.h", "x=y", true, true},
		{"../a.h=x", "../a.h", "x", true, false},
		{"/a.h=x", "/a.h", "x", true, false},
		{"a.h", "", "", false, false},
		{"=x", "", "", false, false},
		{"a.h=", "", "", false, false},
	} {
		name, file, err := Split(tt.text)
		if name != tt.name || file != tt.file || (err == nil) != tt.ok {
			t.Errorf("Split(%q) = %q, %q, %v", tt.text, name, file, err)
		}
		if _, _, err := Local(tt.text); (err == nil) != tt.local {
			t.Errorf("Local(%q): %v", tt.text, err)
		}
	}
	if name, _, err := Local("dir/./a.h=x"); name != "dir/a.h" || err != nil {
		t.Errorf("got %q, %v", name, err)
	}
}
