// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"archive/tar"
	"bytes"
	"io"
	"os"
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
		{"xz", temp(t, "\xfd7zXZ\x00\x00"), "it is compressed with xz, expected a directory, or a tar archive"},
		{"gzip header", temp(t, "\x1f\x8b"), "EOF"},
		{"truncated", temp(t, string(whole[:len(whole)/2])), "EOF"},
		{"truncated gzip", temp(t, string(zipped[:len(zipped)/2])), "EOF"},
		{"gzip without its sum", temp(t, string(zipped[:len(zipped)-8])), "unexpected EOF: it is damaged or cut short; get it again"},
		{"gzip with another sum", temp(t, string(badSum)), "gzip: invalid checksum: it is damaged or cut short"},
		{"behind the end of gzip", temp(t, string(zipped)+"x"), "EOF: it is damaged or cut short"},
		{"absolute name", makeTar(t, header("/include/a.h")), `member "/include/a.h": its name leads out of the tree`},
		{"name with ..", makeTar(t, header("include/../../a.h")), `member "include/../../a.h": its name leads out of the tree`},
		{"twice", makeTar(t, header("include/a.h"), header("./include/a.h")), `member "./include/a.h": it is there twice`},
		{"below a file", makeTar(t, header("include"), header("include/a.h")), `member "include/a.h": it is below the file include`},
		{"file over a directory", makeTar(t, header("include/a.h"), header("include")), `member "include": it is there twice`},
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
