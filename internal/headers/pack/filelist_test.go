// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fileListOf writes a list of a tree's files, each under a name that says
// nothing of the member's.
func fileListOf(t *testing.T, f files) string {
	t.Helper()
	dir := t.TempDir()
	var list strings.Builder
	for name, content := range f {
		if target, ok := strings.CutPrefix(content, "-> "); ok {
			if content, ok = f[filepath.Join(filepath.Dir(name), target)]; !ok {
				continue
			}
		}
		file := filepath.Join(dir, strings.ReplaceAll(name, "/", "__"))
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		list.WriteString(name + "=" + file + " ")
	}
	return temp(t, list.String())
}

// The same files make the same archive, whatever they are given as.
func TestFileListEqualsDirectories(t *testing.T) {
	o := options(t, sourceTree(), objectTree())
	_, want := pack(t, o)
	o.Trees, o.Lists = nil, []string{fileListOf(t, sourceTree()), fileListOf(t, objectTree())}
	if _, got := pack(t, o); !bytes.Equal(got, want) {
		t.Error("archive from lists of files differs from that of directories")
	}
}

func TestFileListErrors(t *testing.T) {
	tests := []struct{ name, list, want string }{
		{"no pair", "a.h", `read addition "a.h": expected NAME=FILE`},
		{"absolute", "/a.h=x", "is not a plain path"},
		{"leads out", "../a.h=x", "is not a plain path"},
		{"twice", "a.h=x a.h=y", "add a.h: it is there twice, as x and as y; leave one out"},
		{"below a file", "a=x a/b.h=y", "add a/b.h: it is below a file, x"},
		{"above a file", "a/b.h=x a=y", "add a: others are below it, as a/b.h"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if _, err := openFileList(temp(t, test.list)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want one with %q", err, test.want)
			}
		})
	}
	if _, err := openFileList(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("no error for a list that is not there")
	}
}

// Kleaf's kernel-headers.tar.gz has its members below one directory.
func TestTarWithTopDirectory(t *testing.T) {
	o := options(t, sourceTree(), objectTree())
	_, want := pack(t, o)
	for i, f := range []files{sourceTree(), objectTree()} {
		o.Trees[i] = tarForm{prefix: "kernel-headers/", gzip: true, dirs: i == 0}.write(t, f)
	}
	if _, got := pack(t, o); !bytes.Equal(got, want) {
		t.Error("archive from tars with a top directory differs from that of directories")
	}
	tr, err := openTree(tarForm{}.write(t, files{"usr/include/linux/types.h": "typedef u;\n"}))
	if err != nil {
		t.Fatal(err)
	}
	if !exists(tr, "usr/include/linux") {
		t.Error("usr was taken for a directory that is none of the kernel's")
	}
}
