// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"archive/tar"
	"bytes"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// makeTar writes members in the order given. A header without a type is that of
// a file with the content of its Linkname.
func makeTar(t *testing.T, headers ...tar.Header) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range headers {
		var content string
		if h.Typeflag == 0 {
			content = h.Linkname
			h.Typeflag, h.Linkname, h.Size = tar.TypeReg, "", int64(len(content))
		}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return temp(t, b.String())
}

func symlink(name, target string) tar.Header {
	return tar.Header{Name: name, Linkname: target, Typeflag: tar.TypeSymlink}
}

func TestTarLinks(t *testing.T) {
	path := makeTar(t,
		symlink("a.h", "b.h"),
		symlink("b.h", "./dir/../c/d.h"),
		tar.Header{Name: "./c/d.h", Linkname: "content"},
		tar.Header{Name: "hard.h", Linkname: "c/d.h", Typeflag: tar.TypeLink},
		symlink("e", "c"),
		tar.Header{Name: "dir/", Typeflag: tar.TypeDir},
		tar.Header{Name: "null", Typeflag: tar.TypeChar},
	)
	tr, err := openTree(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a.h", "b.h", "c/d.h", "hard.h", "e/d.h"} {
		if err := tr.load([]string{name}); err != nil {
			t.Errorf("load %s: %v", name, err)
			continue
		}
		if got, err := tr.read(nil, name); err != nil || string(got) != "content" {
			t.Errorf("read %s: got %q, %v; want %q", name, got, err, "content")
		}
	}
	items, err := tr.list("", func(name string) bool { return name != "null" })
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, it := range items {
		if it.dir {
			it.name += "/"
		}
		got = append(got, it.name)
	}
	if got, want := strings.Join(got, " "), "a.h b.h c/ dir/ e/ hard.h"; got != want {
		t.Errorf("list: got %s, want %s", got, want)
	}
}

func hardlink(name, target string) tar.Header {
	return tar.Header{Name: name, Linkname: target, Typeflag: tar.TypeLink}
}

func directory(name string) tar.Header { return tar.Header{Name: name, Typeflag: tar.TypeDir} }

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
		{"directory", []tar.Header{directory("i/"), file("i/a", "1"), directory("i/"), file("i/b", "2")}, map[string]string{"i/a": "1", "i/b": "2"}},
		{"link over a file", []tar.Header{file("a", "1"), file("b", "2"), symlink("a", "b")}, map[string]string{"a": "2", "b": "2"}},
		{"file over a link", []tar.Header{file("b", "2"), symlink("a", "b"), file("a", "1")}, map[string]string{"a": "1", "b": "2"}},
		{"link over a link", []tar.Header{file("b", "2"), file("c", "3"), symlink("a", "b"), symlink("a", "c")}, map[string]string{"a": "3", "b": "2", "c": "3"}},
		{"target of a link", []tar.Header{file("b", "1"), symlink("a", "b"), file("b", "2")}, map[string]string{"a": "2", "b": "2"}},
		{"target of a hard link", []tar.Header{file("b", "1"), hardlink("a", "b"), file("b", "2")}, map[string]string{"a": "1", "b": "2"}},
		{"hard link over a file", []tar.Header{file("a", "1"), file("b", "2"), hardlink("a", "b")}, map[string]string{"a": "2", "b": "2"}},
		{"file over a hard link", []tar.Header{file("b", "2"), hardlink("a", "b"), file("a", "1")}, map[string]string{"a": "1", "b": "2"}},
		{"hard link to a hard link", []tar.Header{file("c", "1"), hardlink("b", "c"), hardlink("a", "b"), file("c", "2")}, map[string]string{"a": "1", "b": "1", "c": "2"}},
		{"hard link to a link", []tar.Header{file("b", "1"), file("d/b", "2"), symlink("a", "b"), hardlink("d/a", "a")}, map[string]string{"a": "1", "b": "1", "d/b": "2", "d/a": "2"}},
		{"directory over a file", []tar.Header{file("i", "1"), directory("i/"), file("i/a", "2")}, map[string]string{"i/a": "2"}},
		{"directory over a link", []tar.Header{directory("j/"), file("j/b", "1"), symlink("i", "j"), directory("i/"), file("i/a", "2")}, map[string]string{"j/b": "1", "i/a": "2"}},
		{"file over an empty directory", []tar.Header{directory("i/"), file("i", "1")}, map[string]string{"i": "1"}},
		{"through a link", []tar.Header{directory("j/"), symlink("i", "j"), file("i/a", "1")}, map[string]string{"i/a": "1", "j/a": "1"}},
		{"through a link, twice", []tar.Header{file("j/a", "1"), symlink("i", "j"), file("i/a", "2")}, map[string]string{"i/a": "2", "j/a": "2"}},
		{"through a link of later", []tar.Header{file("i/a", "1"), file("j/a", "2"), symlink("k", "j"), file("k/a", "3")}, map[string]string{"i/a": "1", "j/a": "3", "k/a": "3"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := makeTar(t, tt.members...)
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
	path := makeTar(t, file("i/a", "1"), file("i/b/c", "1"), file("ia", "3"), file("i", "2"))
	if got, want := treeFiles(t, path), map[string]string{"i": "2", "ia": "3"}; !maps.Equal(got, want) {
		t.Errorf("file over a directory: got %v, want %v", got, want)
	}
}

// treeFiles returns all files of a tree, and their contents.
func treeFiles(t *testing.T, path string) map[string]string {
	t.Helper()
	tr, err := openTree(path)
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string]string)
	var walk func(dir string)
	walk = func(dir string) {
		items, err := tr.list(dir, func(string) bool { return true })
		if err != nil {
			t.Fatal(err)
		}
		for _, it := range items {
			name := strings.TrimPrefix(dir+"/"+it.name, "/")
			if it.dir {
				walk(name)
				continue
			}
			if err := tr.load([]string{name}); err != nil {
				t.Fatal(err)
			}
			p, err := tr.read(nil, name)
			if err != nil {
				t.Fatal(err)
			}
			found[name] = string(p)
		}
	}
	walk("")
	return found
}

func TestTarErrors(t *testing.T) {
	long := sourceTree()
	long["include/big.h"] = strings.Repeat("int x;\n", 10_000)
	whole, err := os.ReadFile(tarForm{}.write(t, long))
	if err != nil {
		t.Fatal(err)
	}
	zipped, err := os.ReadFile(tarForm{gzip: true}.write(t, long))
	if err != nil {
		t.Fatal(err)
	}
	badSum := bytes.Clone(zipped)
	badSum[len(badSum)-8] ^= 1
	header := func(name string) tar.Header { return tar.Header{Name: name, Linkname: "x"} }
	tests := []struct{ name, file, want string }{
		{"empty file", temp(t, ""), ": it is empty, expected a directory, or a tar archive, with files of a kernel"},
		{"empty directory", t.TempDir(), ": it is empty, expected a directory"},
		{"tar of nothing", makeTar(t), ": it is empty, expected a directory"},
		{"tar of its top", makeTar(t, tar.Header{Name: "./", Typeflag: tar.TypeDir}), ": it is empty, expected a directory"},
		{"text", temp(t, strings.Repeat("no tar archive\n", 100)), "expected a directory, or a tar archive"},
		{"short text", temp(t, "no tar archive\n"), "expected a directory, or a tar archive"},
		{"xz header", temp(t, "\xfd7zXZ\x00\x00"), "decode xz: "},
		{"gzip header", temp(t, "\x1f\x8b"), "EOF"},
		{"truncated", temp(t, string(whole[:len(whole)/2])), "EOF"},
		{"truncated gzip", temp(t, string(zipped[:len(zipped)/2])), "EOF"},
		{"gzip without its sum", temp(t, string(zipped[:len(zipped)-8])), "unexpected EOF: it is damaged or cut short; get it again"},
		{"gzip with another sum", temp(t, string(badSum)), "gzip: invalid checksum: it is damaged or cut short"},
		{"behind the end of gzip", temp(t, string(zipped)+"x"), "EOF: it is damaged or cut short"},
		{"absolute name", makeTar(t, header("/include/a.h")), `member "/include/a.h": its name leads out of the tree`},
		{"name with ..", makeTar(t, header("include/../../a.h")), `member "include/../../a.h": its name leads out of the tree`},
		{"below a file", makeTar(t, header("include"), header("include/a.h")), `member "include/a.h": it is below the file include`},
		{"long name", makeTar(t, header(strings.Repeat("a/", 4000)+"b.h")), "its name has 8003 bytes, expected at most 4096"},
		{"directories replaced", makeTar(t, slices.Repeat([]tar.Header{directory("a"), header("a")}, 1001)...), "it replaces a directory, as more than 1000 members do"},
		{"below a circle", makeTar(t, symlink("a", "b"), symlink("b", "a"), header("a/c.h")), `member "a/c.h": follow link`},
		{"below a link to nowhere", makeTar(t, symlink("include", "inc"), header("include/a.h")), `member "include/a.h": follow link`},
		{"hard link to nowhere", makeTar(t, tar.Header{Name: "include/a.h", Linkname: "include/b.h", Typeflag: tar.TypeLink}), "(include/a.h): its target include/b.h is not in the archive"},
		{"top that is a file", makeTar(t, header(".")), `member ".": it is the top of the tree`},
		{"dangling link", makeTar(t, symlink("include/a.h", "b.h")), "(include/a.h): its target include/b.h is not in the archive"},
		{"link out of the tree", makeTar(t, symlink("include/a.h", "../../a.h")), "(include/a.h): its target ../a.h is not in the archive"},
		{"absolute link", makeTar(t, symlink("include/a.h", "/etc/passwd")), "(include/a.h): its target /etc/passwd is not in the archive"},
		{"circle", makeTar(t, symlink("include/a.h", "b.h"), symlink("include/b.h", "a.h")), "(include/a.h): it leads round in a circle"},
		{"device", makeTar(t, tar.Header{Name: "include/a.h", Typeflag: tar.TypeChar}), "(include/a.h): it is neither a file nor a directory"},
		{"circle of directories", makeTar(t, header("include/a/b.h"), symlink("include/a/c", "..")), "a link makes it the same directory as"},
		{"circle to the top", makeTar(t, header("include/b.h"), symlink("include/c", "..")), "a link makes it the same directory as"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := options(t, sourceTree(), objectTree())
			o.Trees[0] = tt.file
			if _, err := Pack(o); err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), tt.file) {
				t.Errorf("got %v, want an error with %q and the file's name", err, tt.want)
			}
		})
	}
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
			items, err := tr.list(dir, func(string) bool { return true })
			if depth++; err != nil || depth > 1000 {
				return
			}
			for _, it := range items {
				name := strings.TrimPrefix(dir+"/"+it.name, "/")
				if it.dir {
					walk(name)
				} else if tr.load([]string{name}) == nil {
					if _, err := tr.read(nil, name); err != nil {
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
