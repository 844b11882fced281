// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"archive/tar"
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/internal/archive/decompress"
	"github.com/rules-kheaders/rules_kheaders/internal/headers/tree/treetest"
)

// The same archive is made of compressed inputs, whatever their names are.
func TestCompressedInputs(t *testing.T) {
	o := options(t, treetest.Source(), treetest.Objects())
	o.Trees = []string{treetest.Tar{}.Write(t, treetest.Source()), treetest.Tar{Prefix: "linux/"}.Write(t, treetest.Objects())}
	o.Lists = []string{treetest.Temp(t, "include/linux/listed.h="+treetest.Temp(t, "int listed;\n"))}
	o.Release = treetest.Temp(t, "6.1.192-lab\n")
	_, want := pack(t, o)
	if len(treetest.Compressors) != len(decompress.Formats) {
		t.Errorf("%d forms are tested, want %d", len(treetest.Compressors), len(decompress.Formats))
	}
	for _, c := range decompress.Formats {
		zipped := o
		zipped.Symvers, zipped.Config, zipped.Release = treetest.Compress(t, c.Name, o.Symvers), treetest.Compress(t, c.Name, o.Config), treetest.Compress(t, c.Name, o.Release)
		zipped.Lists = []string{treetest.Compress(t, c.Name, o.Lists[0])}
		zipped.Trees = []string{treetest.Compress(t, c.Name, o.Trees[0]), treetest.Compress(t, c.Name, o.Trees[1])}
		if _, got := pack(t, zipped); !bytes.Equal(got, want) {
			t.Errorf("%s: got another archive, want the same", c.Name)
		}
	}
}

// fileListOf writes a list of a tree's files, each under a name that says
// nothing of the member's.
func fileListOf(t *testing.T, f treetest.Files) string {
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
	return treetest.Temp(t, list.String())
}

// The same files make the same archive, whatever they are given as.
func TestFileListEqualsDirectories(t *testing.T) {
	o := options(t, treetest.Source(), treetest.Objects())
	_, want := pack(t, o)
	o.Trees, o.Lists = nil, []string{fileListOf(t, treetest.Source()), fileListOf(t, treetest.Objects())}
	if _, got := pack(t, o); !bytes.Equal(got, want) {
		t.Error("archive from lists of files differs from that of directories")
	}
}

// Kleaf's kernel-headers.tar.gz has its members below one directory.
func TestTarWithTopDirectory(t *testing.T) {
	o := options(t, treetest.Source(), treetest.Objects())
	_, want := pack(t, o)
	for i, f := range []treetest.Files{treetest.Source(), treetest.Objects()} {
		o.Trees[i] = treetest.Tar{Prefix: "kernel-headers/", Gzip: true, Dirs: i == 0}.Write(t, f)
	}
	if _, got := pack(t, o); !bytes.Equal(got, want) {
		t.Error("archive from tars with a top directory differs from that of directories")
	}
}

// Releases of the field, and of the kernel's own rule.
func TestCheckRelease(t *testing.T) {
	long := "6.1.145-android14-11-00017-g1a2b3c4d5e6f-ab13891234-4k-debug-abc" // 64 characters
	for in, ok := range map[string]bool{
		"6.1.0": true, "6.12.0-rc7-next-20240711-lab": true, "5.15.0+": true, "7.2.13+deb14-amd64": true, "6.6.0-lab@home:1=2": true,
		"6.1.145-android14-11-00017-g1a2b3c4d5e6f-ab13891234-4k-debug":    true,
		"6.6.0-rc7-next-20240711-lab-00017-g1a2b3c4d5e6f-dirty-kasan-x86": true,
		long: true, long + "d": false,
		"": false, "6": false, "six": false, "6.1.0 lab": false, "6.1.0\nlab": false, "6.1.0/../x": false, "6.1.0\"": false, "6.1.0-ä": false,
	} {
		if err := checkRelease(in); (err == nil) != ok {
			t.Errorf("checkRelease(%q) of %d characters: got %v, want it accepted: %v", in, len(in), err, ok)
		}
	}
}

func TestTarErrors(t *testing.T) {
	long := treetest.Source()
	long["include/big.h"] = strings.Repeat("int x;\n", 10_000)
	whole, err := os.ReadFile(treetest.Tar{}.Write(t, long))
	if err != nil {
		t.Fatal(err)
	}
	zipped, err := os.ReadFile(treetest.Tar{Gzip: true}.Write(t, long))
	if err != nil {
		t.Fatal(err)
	}
	badSum := bytes.Clone(zipped)
	badSum[len(badSum)-8] ^= 1
	header := func(name string) tar.Header { return tar.Header{Name: name, Linkname: "x"} }
	tests := []struct{ name, file, want string }{
		{"empty file", treetest.Temp(t, ""), ": it is empty, expected a directory, or a tar archive, with files of a kernel"},
		{"empty directory", t.TempDir(), ": it is empty, expected a directory"},
		{"tar of nothing", treetest.MakeTar(t), ": it is empty, expected a directory"},
		{"tar of its top", treetest.MakeTar(t, tar.Header{Name: "./", Typeflag: tar.TypeDir}), ": it is empty, expected a directory"},
		{"text", treetest.Temp(t, strings.Repeat("no tar archive\n", 100)), "expected a directory, or a tar archive"},
		{"short text", treetest.Temp(t, "no tar archive\n"), "expected a directory, or a tar archive"},
		{"xz header", treetest.Temp(t, "\xfd7zXZ\x00\x00"), "decode xz: "},
		{"gzip header", treetest.Temp(t, "\x1f\x8b"), "EOF"},
		{"truncated", treetest.Temp(t, string(whole[:len(whole)/2])), "EOF"},
		{"truncated gzip", treetest.Temp(t, string(zipped[:len(zipped)/2])), "EOF"},
		{"gzip without its sum", treetest.Temp(t, string(zipped[:len(zipped)-8])), "unexpected EOF: it is damaged or cut short; get it again"},
		{"gzip with another sum", treetest.Temp(t, string(badSum)), "gzip: invalid checksum: it is damaged or cut short"},
		{"behind the end of gzip", treetest.Temp(t, string(zipped)+"x"), "EOF: it is damaged or cut short"},
		{"absolute name", treetest.MakeTar(t, header("/include/a.h")), `member "/include/a.h": its name leads out of the tree`},
		{"name with ..", treetest.MakeTar(t, header("include/../../a.h")), `member "include/../../a.h": its name leads out of the tree`},
		{"below a file", treetest.MakeTar(t, header("include"), header("include/a.h")), `member "include/a.h": it is below the file include`},
		{"long name", treetest.MakeTar(t, header(strings.Repeat("a/", 4000)+"b.h")), "its name has 8003 bytes, expected at most 4096"},
		{"directories replaced", treetest.MakeTar(t, slices.Repeat([]tar.Header{treetest.Directory("a"), header("a")}, 1001)...), "it replaces a directory, as more than 1000 members do"},
		{"below a circle", treetest.MakeTar(t, treetest.Symlink("a", "b"), treetest.Symlink("b", "a"), header("a/c.h")), `member "a/c.h": follow link`},
		{"below a link to nowhere", treetest.MakeTar(t, treetest.Symlink("include", "inc"), header("include/a.h")), `member "include/a.h": follow link`},
		{"hard link to nowhere", treetest.MakeTar(t, tar.Header{Name: "include/a.h", Linkname: "include/b.h", Typeflag: tar.TypeLink}), "(include/a.h): its target include/b.h is not in the archive"},
		{"top that is a file", treetest.MakeTar(t, header(".")), `member ".": it is the top of the tree`},
		{"dangling link", treetest.MakeTar(t, treetest.Symlink("include/a.h", "b.h")), "(include/a.h): its target include/b.h is not in the archive"},
		{"link out of the tree", treetest.MakeTar(t, treetest.Symlink("include/a.h", "../../a.h")), "(include/a.h): its target ../a.h is not in the archive"},
		{"absolute link", treetest.MakeTar(t, treetest.Symlink("include/a.h", "/etc/passwd")), "(include/a.h): its target /etc/passwd is not in the archive"},
		{"circle", treetest.MakeTar(t, treetest.Symlink("include/a.h", "b.h"), treetest.Symlink("include/b.h", "a.h")), "(include/a.h): symbolic links form a loop"},
		{"device", treetest.MakeTar(t, tar.Header{Name: "include/a.h", Typeflag: tar.TypeChar}), "(include/a.h): it is neither a file nor a directory"},
		{"circle of directories", treetest.MakeTar(t, header("include/a/b.h"), treetest.Symlink("include/a/c", "..")), "a link makes it the same directory as"},
		{"circle to the top", treetest.MakeTar(t, header("include/b.h"), treetest.Symlink("include/c", "..")), "a link makes it the same directory as"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := options(t, treetest.Source(), treetest.Objects())
			o.Trees[0] = tt.file
			if _, err := Pack(o); err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), tt.file) {
				t.Errorf("got %v, want an error with %q and the file's name", err, tt.want)
			}
		})
	}
}
