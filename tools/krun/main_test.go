// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"strings"
	"testing"
)

func TestUsage(t *testing.T) {
	for _, tt := range []struct{ args, want string }{
		{"--path a -- make", "--from NAME is required"},
		{"--path a --from x", "no program is given"},
		{"--from x -- make", "expected one of --root and --path"},
		{"--root r.tar --path a --from x -- make", "expected one of --root and --path"},
		{"--root none.tar --from x -- make", "none.tar: no such file or directory"},
		{"--path a --from x --need flex -- make", `look for "flex": expected NAME=PACKAGE`},
		{"--path /none --from x --need make=make --need flex=flex -- make --root", "x lacks make, flex, which the build needs"},
	} {
		t.Setenv("PATH", "/usr/bin:/bin") // which a run changes
		err := run(strings.Fields(tt.args), io.Discard, io.Discard)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.args, err, tt.want)
		}
	}
}
