// SPDX-License-Identifier: Apache-2.0

package kbuild

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestModpostGoals(t *testing.T) {
	for _, test := range []struct {
		name, makefile string
		want           []string
	}{
		{"6.1", "PHONY += modpost\nmodpost: vmlinux.o modules_check\n", []string{"modules_prepare", "modpost"}},
		{"5.15", "modules: modules_check\n\t$(MAKE) -f scripts/Makefile.modpost\n", []string{"vmlinux", "modules"}},
	} {
		dir := t.TempDir()
		write(t, dir, "Makefile", test.makefile)
		if got := modpostGoals(dir); !slices.Equal(got, test.want) {
			t.Errorf("%s: goals = %v, want %v", test.name, got, test.want)
		}
	}
}

func TestWithMargin(t *testing.T) {
	for _, test := range []struct{ need, want int64 }{{0, 0}, {1, 4}, {100, 104}, {4_000_000, 4_080_000}} {
		if got := withMargin(test.need); got != test.want {
			t.Errorf("withMargin(%d) = %d, want %d", test.need, got, test.want)
		}
	}
}

// TestPackedSize runs a packer that writes what it is told.
func TestPackedSize(t *testing.T) {
	for _, test := range []struct {
		name, report string
		want         int64
		wantErr      string
	}{
		{"whole", `{"min_capacity": 4048}`, 4048, ""},
		{"another program's", `{"size": 1}`, 0, "expected min_capacity"},
		{"no JSON", "hello", 0, "expected min_capacity"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			packer := write(t, dir, "packer", "#!/bin/sh\nwhile [ \"$1\" != --report ]; do shift; done\necho '"+test.report+"' >$2\n")
			if err := os.Chmod(packer, 0o755); err != nil {
				t.Fatal(err)
			}
			k := Kernel{Sizing: Sizing{Packer: packer}, Headers: filepath.Join(dir, "headers.tar"), Scratch: dir, Log: io.Discard}
			got, err := k.packedSize(dir)
			if got != test.want || (err == nil) != (test.wantErr == "") || err != nil && !strings.Contains(err.Error(), test.wantErr) {
				t.Errorf("got %d, %v; want %d, %q", got, err, test.want, test.wantErr)
			}
		})
	}
}
