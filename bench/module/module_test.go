// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"context"
	"os"
	"strings"
	"testing"
)

func TestErrors(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	given := "-archive=a -linux=a -objects=a -kmodule=a -patcher=a -source=a"
	for _, test := range []struct{ args, want string }{
		{"", "start this by 'tools/bazel run //bench:module'"},
		{given + " -runs 0", "runs are 0"},
		{"x", `unexpected argument "x"`},
	} {
		var out strings.Builder
		if err := run(context.Background(), strings.Fields(test.args), &out); err == nil || !strings.Contains(err.Error(), test.want) || out.Len() > 0 {
			t.Errorf("%s: got %v and %q, want %q", test.args, err, out.String(), test.want)
		}
	}
	if err := isModule(self); err == nil || !strings.Contains(err.Error(), "it is no whole module") {
		t.Errorf("a program: got %v", err)
	}
}
