// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"archive/tar"
	"bytes"
	"io"
	"maps"
	"os/exec"
	"strings"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/internal/headers/tree/treetest"
)

func TestTarLinks(t *testing.T) {
	path := treetest.MakeTar(t,
		treetest.Symlink("a.h", "b.h"),
		treetest.Symlink("b.h", "./dir/../c/d.h"),
		tar.Header{Name: "./c/d.h", Linkname: "content"},
		tar.Header{Name: "hard.h", Linkname: "c/d.h", Typeflag: tar.TypeLink},
		treetest.Symlink("e", "c"),
		tar.Header{Name: "dir/", Typeflag: tar.TypeDir},
		tar.Header{Name: "null", Typeflag: tar.TypeChar},
	)
	tr, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a.h", "b.h", "c/d.h", "hard.h", "e/d.h"} {
		if err := tr.Load([]string{name}); err != nil {
			t.Errorf("load %s: %v", name, err)
			continue
		}
		if got, err := tr.Read(nil, name); err != nil || string(got) != "content" {
			t.Errorf("read %s: got %q, %v; want %q", name, got, err, "content")
		}
	}
	items, err := tr.List("", func(name string) bool { return name != "null" })
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, it := range items {
		if it.Dir {
			it.Name += "/"
		}
		got = append(got, it.Name)
	}
	if got, want := strings.Join(got, " "), "a.h b.h c/ dir/ e/ hard.h"; got != want {
		t.Errorf("list: got %s, want %s", got, want)
	}
}

// TestTarTwice has archives that were appended to. What is read of one is what
// GNU tar leaves of it on a disk.
func TestTarTwice(t *testing.T) {
	file := func(name, content string) tar.Header { return tar.Header{Name: name, Linkname: content} }
	for _, tt := range []struct {
		name    string
		members []tar.Header
		want    map[string]string // all files
	}{
		{"file", []tar.Header{file("i/a.h", "1"), file("./i/a.h", "2")}, map[string]string{"i/a.h": "2"}},
		{"three", []tar.Header{file("a", "1"), file("a", "22"), file("b", "x"), file("a", "3")}, map[string]string{"a": "3", "b": "x"}},
		{"directory", []tar.Header{treetest.Directory("i/"), file("i/a", "1"), treetest.Directory("i/"), file("i/b", "2")}, map[string]string{"i/a": "1", "i/b": "2"}},
		{"link over a file", []tar.Header{file("a", "1"), file("b", "2"), treetest.Symlink("a", "b")}, map[string]string{"a": "2", "b": "2"}},
		{"file over a link", []tar.Header{file("b", "2"), treetest.Symlink("a", "b"), file("a", "1")}, map[string]string{"a": "1", "b": "2"}},
		{"link over a link", []tar.Header{file("b", "2"), file("c", "3"), treetest.Symlink("a", "b"), treetest.Symlink("a", "c")}, map[string]string{"a": "3", "b": "2", "c": "3"}},
		{"target of a link", []tar.Header{file("b", "1"), treetest.Symlink("a", "b"), file("b", "2")}, map[string]string{"a": "2", "b": "2"}},
		{"target of a hard link", []tar.Header{file("b", "1"), treetest.Hardlink("a", "b"), file("b", "2")}, map[string]string{"a": "1", "b": "2"}},
		{"hard link over a file", []tar.Header{file("a", "1"), file("b", "2"), treetest.Hardlink("a", "b")}, map[string]string{"a": "2", "b": "2"}},
		{"file over a hard link", []tar.Header{file("b", "2"), treetest.Hardlink("a", "b"), file("a", "1")}, map[string]string{"a": "1", "b": "2"}},
		{"hard link to a hard link", []tar.Header{file("c", "1"), treetest.Hardlink("b", "c"), treetest.Hardlink("a", "b"), file("c", "2")}, map[string]string{"a": "1", "b": "1", "c": "2"}},
		{"hard link to a link", []tar.Header{file("b", "1"), file("d/b", "2"), treetest.Symlink("a", "b"), treetest.Hardlink("d/a", "a")}, map[string]string{"a": "1", "b": "1", "d/b": "2", "d/a": "2"}},
		{"directory over a file", []tar.Header{file("i", "1"), treetest.Directory("i/"), file("i/a", "2")}, map[string]string{"i/a": "2"}},
		{"directory over a link", []tar.Header{treetest.Directory("j/"), file("j/b", "1"), treetest.Symlink("i", "j"), treetest.Directory("i/"), file("i/a", "2")}, map[string]string{"j/b": "1", "i/a": "2"}},
		{"file over an empty directory", []tar.Header{treetest.Directory("i/"), file("i", "1")}, map[string]string{"i": "1"}},
		{"through a link", []tar.Header{treetest.Directory("j/"), treetest.Symlink("i", "j"), file("i/a", "1")}, map[string]string{"i/a": "1", "j/a": "1"}},
		{"through a link, twice", []tar.Header{file("j/a", "1"), treetest.Symlink("i", "j"), file("i/a", "2")}, map[string]string{"i/a": "2", "j/a": "2"}},
		{"through a link of later", []tar.Header{file("i/a", "1"), file("j/a", "2"), treetest.Symlink("k", "j"), file("k/a", "3")}, map[string]string{"i/a": "1", "j/a": "3", "k/a": "3"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := treetest.MakeTar(t, tt.members...)
			if got := treeFiles(t, path); !maps.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
			dir := t.TempDir()
			if out, err := exec.Command("tar", "-xf", path, "-C", dir).CombinedOutput(); err != nil {
				t.Fatalf("run tar: %v\n%s", err, out)
			}
			if got := treeFiles(t, dir); !maps.Equal(got, tt.want) {
				t.Errorf("tar leaves %v, want %v", got, tt.want)
			}
		})
	}
	// GNU tar refuses to remove a directory that is not empty. The last one counts here too.
	path := treetest.MakeTar(t, file("i/a", "1"), file("i/b/c", "1"), file("ia", "3"), file("i", "2"))
	if got, want := treeFiles(t, path), map[string]string{"i": "2", "ia": "3"}; !maps.Equal(got, want) {
		t.Errorf("file over a directory: got %v, want %v", got, want)
	}
}

// treeFiles returns all files of a tree, and their contents.
func treeFiles(t *testing.T, path string) map[string]string {
	t.Helper()
	tr, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string]string)
	var walk func(dir string)
	walk = func(dir string) {
		items, err := tr.List(dir, func(string) bool { return true })
		if err != nil {
			t.Fatal(err)
		}
		for _, it := range items {
			name := strings.TrimPrefix(dir+"/"+it.Name, "/")
			if it.Dir {
				walk(name)
				continue
			}
			if err := tr.Load([]string{name}); err != nil {
				t.Fatal(err)
			}
			p, err := tr.Read(nil, name)
			if err != nil {
				t.Fatal(err)
			}
			found[name] = string(p)
		}
	}
	walk("")
	return found
}

func FuzzTarTree(f *testing.F) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range []tar.Header{
		{Name: "include/", Typeflag: tar.TypeDir},
		{Name: "include/a.h", Typeflag: tar.TypeSymlink, Linkname: "../b.h"},
		{Name: "b.h", Typeflag: tar.TypeReg},
	} {
		if err := w.WriteHeader(&h); err != nil {
			f.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte("\x1f\x8b\x08"))
	f.Fuzz(func(t *testing.T, p []byte) {
		tr, err := openTarTree("f", func() (io.ReadSeekCloser, error) { return nopCloser{bytes.NewReader(p)}, nil })
		if err != nil {
			return
		}
		depth := 0
		var walk func(dir string)
		walk = func(dir string) {
			items, err := tr.List(dir, func(string) bool { return true })
			if depth++; err != nil || depth > 1000 {
				return
			}
			for _, it := range items {
				name := strings.TrimPrefix(dir+"/"+it.Name, "/")
				if it.Dir {
					walk(name)
				} else if tr.Load([]string{name}) == nil {
					if _, err := tr.Read(nil, name); err != nil {
						t.Errorf("read %q after load: %v", name, err)
					}
				}
			}
		}
		walk("")
	})
}

type nopCloser struct{ io.ReadSeeker }

func (nopCloser) Close() error { return nil }
