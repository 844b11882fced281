// SPDX-License-Identifier: Apache-2.0

package manifest

import (
	"encoding/json"
	"strings"
	"testing"
)

func entry(mode uint32, size int64, sum byte, name string) Entry {
	return Entry{mode, size, Digest{sum}, name}
}

func TestCompare(t *testing.T) {
	from := []Entry{
		entry(0o644, 10, 1, "same"),
		entry(0o644, 100, 2, "larger"),
		entry(0o644, 5, 3, "other"),
		entry(0o644, 7, 4, "mode"),
		entry(0o644, 512, 5, "gone"),
	}
	to := []Entry{
		entry(0o755, 7, 4, "mode"),
		entry(0o644, 1024, 6, "new"),
		entry(0o644, 5, 7, "other"),
		entry(0o644, 120, 8, "larger"),
		entry(0o644, 10, 1, "same"),
	}
	tests := []struct {
		name     string
		from, to []Entry
		want     string
	}{
		{"all kinds", from, to, `- 512 gone
~ 100 -> 120 (+20) larger
~ 7 -> 7 (+0) mode, mode 0644 -> 0755
+ 1024 new
~ 5 -> 5 (+0) other
1 added, 1 removed, 3 changed: +532 bytes of content
`},
		{"same", from, from, "0 added, 0 removed, 0 changed: +0 bytes of content\n"},
		{"to nothing", from[:1], nil, "- 10 same\n0 added, 1 removed, 0 changed: -10 bytes of content\n"},
	}
	for _, tt := range tests {
		d := Compare(tt.from, tt.to)
		var b strings.Builder
		if err := d.Text(&b); err != nil || b.String() != tt.want {
			t.Errorf("%s: got\n%s%v, want\n%s", tt.name, b.String(), err, tt.want)
		}
		if got, want := d.Empty(), tt.name == "same"; got != want {
			t.Errorf("%s: Empty: got %v, want %v", tt.name, got, want)
		}
	}
}

func TestJSON(t *testing.T) {
	got, err := json.Marshal(Compare(nil, []Entry{entry(0o755, 3, 0xab, "a b")}))
	want := `{"added":[{"mode":"0755","size":3,"sha256":"ab` + strings.Repeat("0", 62) + `","name":"a b"}],"removed":[],"changed":[],"growth":3}`
	if err != nil || string(got) != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
}
