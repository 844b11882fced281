// SPDX-License-Identifier: Apache-2.0

package manifest

import (
	"slices"
	"strings"
	"testing"
)

func TestGolden(t *testing.T) {
	entries := []Entry{
		{Mode: 0o644, Name: "Module.symvers"},
		{Mode: 0o644, Name: "include/linux/b.h"},
		{Mode: 0o644, Name: "include/linux/a.h"},
		{Mode: 0o644, Name: "include/top.h"},
		{Mode: 0o755, Name: "scripts/mod/modpost"},
		{Mode: 0o644, Name: "include/config/auto.conf"},
		{Mode: 0o644, Name: "includes.h"},
	}
	empty := strings.Repeat("00", 32)
	for _, tt := range []struct {
		detail  Detail
		folders []string
		want    string
		err     string
	}{
		{Names, nil, "Module.symvers|include/config/auto.conf|include/linux/a.h|include/linux/b.h|include/top.h|includes.h|scripts/mod/modpost", ""},
		{Names, []string{"include"}, "Module.symvers|include/|include/config/auto.conf|include/linux/|includes.h|scripts/mod/modpost", ""},
		{Modes, []string{"include"}, "0644 Module.symvers|include/|0644 include/config/auto.conf|include/linux/|0644 includes.h|0755 scripts/mod/modpost", ""},
		{Contents, []string{"include"}, "0644 0 " + empty + " Module.symvers|include/|0644 0 " + empty + " include/config/auto.conf|include/linux/|0644 0 " +
			empty + " includes.h|0755 0 " + empty + " scripts/mod/modpost", ""},
		{"sizes", nil, "", `detail is "sizes", expected names, modes or contents`},
		{Names, []string{"include/"}, "", `no header is below "include/"`},
		{Names, []string{"scripts"}, "", `no header is below "scripts"`},
		{Names, []string{"inc"}, "", `no header is below "inc"; take it out`},
	} {
		got, err := Golden(entries, tt.detail, tt.folders)
		if strings.Join(got, "|") != tt.want || (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("Golden(%s, %q): got %q, %v; want %q, %q", tt.detail, tt.folders, strings.Join(got, "|"), err, tt.want, tt.err)
		}
	}
}

func TestCompareLines(t *testing.T) {
	for _, tt := range []struct{ golden, lines, removed, added string }{
		{"", "", "", ""},
		{"a b", "a b", "", ""},
		{"a b c", "b", "a c", ""},
		{"b", "a b c", "", "a c"},
		{"a b", "b d", "a", "d"},
	} {
		removed, added := CompareLines(strings.Fields(tt.golden), strings.Fields(tt.lines))
		if !slices.Equal(removed, strings.Fields(tt.removed)) || !slices.Equal(added, strings.Fields(tt.added)) {
			t.Errorf("CompareLines(%q, %q): got %q, %q; want %q, %q", tt.golden, tt.lines, removed, added, tt.removed, tt.added)
		}
	}
}
