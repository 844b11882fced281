// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/internal/headers/tree/treetest"
)

func TestFileListErrors(t *testing.T) {
	tests := []struct{ name, list, want string }{
		{"no pair", "a.h", `read addition "a.h": expected NAME=FILE`},
		{"absolute", "/a.h=x", "is not a plain path"},
		{"leads out", "../a.h=x", "is not a plain path"},
		{"twice", "a.h=x a.h=y", "add a.h: it is given twice, as x and as y; leave one out"},
		{"below a file", "a=x a/b.h=y", "add a/b.h: it is below a file, x"},
		{"above a file", "a/b.h=x a=y", "add a: others are below it, as a/b.h"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if _, err := OpenList(treetest.Temp(t, test.list)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want one with %q", err, test.want)
			}
		})
	}
	if _, err := OpenList(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("no error for a list that is not there")
	}
}

// Kleaf's kernel-headers.tar.gz has its members below one directory.
func TestTarWithTopDirectory(t *testing.T) {
	tr, err := Open(treetest.Tar{}.Write(t, treetest.Files{"usr/include/linux/types.h": "typedef u;\n"}))
	if err != nil {
		t.Fatal(err)
	}
	if there, err := HasDir(tr, "usr/include/linux"); !there || err != nil {
		t.Error("usr was taken for a directory that is none of the kernel's")
	}
}
