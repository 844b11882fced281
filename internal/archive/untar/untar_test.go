// SPDX-License-Identifier: Apache-2.0

package untar

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/internal/cli/claim"
)

var roomy = Limits{Bytes: 1 << 20, Members: 1000}

// entry is a member to write: a file with that content, or what typ says.
type entry struct {
	name    string
	content string
	mode    int64
	typ     byte
	link    string
}

func file(name, content string) entry { return entry{name: name, content: content} }
func dir(name string) entry           { return entry{name: name, typ: tar.TypeDir} }
func symlink(name, to string) entry   { return entry{name: name, typ: tar.TypeSymlink, link: to} }

func pack(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, e := range entries {
		hdr := &tar.Header{Name: e.name, Size: int64(len(e.content)), Mode: e.mode | 0o600, Typeflag: e.typ, Linkname: e.link}
		if e.typ == 0 {
			hdr.Typeflag = tar.TypeReg
		}
		if err := w.WriteHeader(hdr); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(e.content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// list returns what is below dir, a line each: mode, name, content or target.
func list(t *testing.T, dir string) string {
	t.Helper()
	var lines []string
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || p == dir {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, p)
		line := fmt.Sprintf("%v %s", info.Mode(), rel)
		switch {
		case d.Type().IsRegular():
			content, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			line += " " + string(content)
		case d.Type() == fs.ModeSymlink:
			to, err := os.Readlink(p)
			if err != nil {
				return err
			}
			line = "link " + rel + " " + to
		}
		lines = append(lines, line)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

func TestExtract(t *testing.T) {
	for _, tt := range []struct {
		name string
		tar  []byte
		want string
	}{
		{"files", pack(t, file("Makefile", "all:"), entry{name: "scripts/mod/modpost", content: "ELF", mode: 0o4777}, file("scripts/x", "")),
			"-rw-r--r-- Makefile all:\ndrwxr-xr-x scripts\ndrwxr-xr-x scripts/mod\n-rwxr-xr-x scripts/mod/modpost ELF\n-rw-r--r-- scripts/x "},
		{"directories", pack(t, dir("./"), dir("./include/"), file("./include/a.h", "a"), dir("./empty/")),
			"drwxr-xr-x empty\ndrwxr-xr-x include\n-rw-r--r-- include/a.h a"},
		{"directory after its file", pack(t, file("d/f", "f"), dir("d")), "drwxr-xr-x d\n-rw-r--r-- d/f f"},
		{"links", pack(t, symlink("a/b/up", "../../x/y.h"), symlink("here", "./x//y.h"), symlink("dangling", "none"), file("x/y.h", "y")),
			"drwxr-xr-x a\ndrwxr-xr-x a/b\nlink a/b/up ../../x/y.h\nlink dangling none\nlink here ./x//y.h\ndrwxr-xr-x x\n-rw-r--r-- x/y.h y"},
		{"no members", pack(t), ""},
		{"nothing", nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "out")
			if _, err := Extract(dir, bytes.NewReader(tt.tar), roomy); err != nil {
				t.Fatal(err)
			}
			if got := list(t, dir); got != tt.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, tt.want)
			}
		})
	}
}

func TestExtractCounts(t *testing.T) {
	p := pack(t, file("a/b/c", "12345"), file("a/d", "678"), symlink("l", "a"))
	got, err := Extract(filepath.Join(t.TempDir(), "out"), bytes.NewReader(p), roomy)
	want := Counts{Files: 2, Directories: 2, Links: 1, Bytes: 8}
	if err != nil || got != want {
		t.Errorf("Extract = %+v, %v; want %+v", got, err, want)
	}
}

// Each of these is refused with a message, and leaves nothing behind: not in
// the directory, not beside it.
func TestExtractRefuses(t *testing.T) {
	// A header that claims more than the stream holds.
	liar := pack(t, file("small", "x"))
	copy(liar[124:], "00000700000\x00") // size, 448 KiB in octal
	checksum(liar)
	negative := pack(t, file("small", "x"))
	copy(negative[124:], "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe")
	checksum(negative)
	sparseGNU := pack(t, file("s", strings.Repeat("x", 1024)))
	sparseGNU[156] = tar.TypeGNUSparse
	copy(sparseGNU[257:], "ustar  \x00")
	copy(sparseGNU[386:], "00000000000\x0000000000001\x00") // sparse map: 1 byte at 0
	copy(sparseGNU[124:], "00000000001\x00")                // in the archive
	copy(sparseGNU[483:], "00010000000\x00")                // real size
	checksum(sparseGNU)
	// The same by PAX records, version 1.0: a map before the data.
	records := "22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n30 GNU.sparse.realsize=600000\n23 GNU.sparse.name=spa\n"
	extended := pack(t, file("x", records))[:1024]
	extended[156] = tar.TypeXHeader
	checksum(extended)
	mapped := make([]byte, 512)
	copy(mapped, "1\n599999\n1\n")
	sparsePAX := append(extended, pack(t, file("s", string(mapped)+"x"))...)
	garbage := append(pack(t, file("a", "a")), "garbage"...)

	var many []entry
	for i := range 600 {
		many = append(many, symlink(fmt.Sprintf("d%d/l", i), "x"))
	}

	for _, tt := range []struct {
		name string
		tar  []byte
		want string
	}{
		{"parent", pack(t, file("../escape", "x")), `unpack "../escape": name has '..'`},
		{"parent inside", pack(t, file("a/../b", "x")), `unpack "a/../b": name has '..'`},
		{"parent at the end", pack(t, dir("a/..")), `name has '..'`},
		{"absolute", pack(t, file("/escape", "x")), `unpack "/escape": name is absolute`},
		{"empty name", pack(t, file("", "x")), "name is empty"},
		{"file as the directory", pack(t, file("./.", "x")), `unpack ".": name is both a directory and something else`},
		{"absolute link", pack(t, symlink("l", "/etc/passwd")), `unpack "l": link to "/etc/passwd" is absolute: expected a relative link that stays inside the directory`},
		{"link outside", pack(t, symlink("l", "../escape")), `link to "../escape" leads outside`},
		{"deep link outside", pack(t, symlink("a/b/l", "../../../escape")), `leads outside`},
		{"link by way of a link", pack(t, symlink("p/q/r", "../../s"), symlink("m", "p/q/r/../../escape")), `link to "p/q/r/../../escape" climbs after a name`},
		{"link to nothing", pack(t, symlink("l", "")), "has no target"},
		{"file through a link", pack(t, symlink("l", "d"), file("l/escape", "x")), `unpack "l/escape": "l" is no directory but a file or a link`},
		{"directory through a link", pack(t, symlink("l", "d"), dir("l/d")), `"l" is no directory but a file or a link`},
		{"file below a file", pack(t, file("f", ""), file("f/g", "")), `"f" is no directory but a file or a link`},
		{"file over a link", pack(t, symlink("l", "x"), file("l", "x")), `unpack "l": name comes twice`},
		{"file twice", pack(t, file("f", "1"), file("./f", "2")), `unpack "f": name comes twice`},
		{"link twice", pack(t, symlink("f", "1"), symlink("f", "2")), `unpack "f": name comes twice`},
		{"directory twice", pack(t, dir("d"), dir("d/")), `unpack "d": name comes twice`},
		{"directory over a file", pack(t, file("f", "1"), dir("f")), `unpack "f": name is both a directory and something else`},
		{"file over a directory", pack(t, file("d/f", "1"), file("d", "2")), `unpack "d": name is both a directory and something else`},
		{"hard link", pack(t, file("f", "1"), entry{name: "h", typ: tar.TypeLink, link: "f"}), `unpack "h": member is a hard link`},
		{"device", pack(t, entry{name: "null", typ: tar.TypeChar}), `unpack "null": member is a device`},
		{"fifo", pack(t, entry{name: "p", typ: tar.TypeFifo}), `member is a FIFO`},
		{"sparse", sparseGNU, "member is a sparse file"},
		{"sparse by PAX", sparsePAX, `unpack "spa": member is a sparse file`},
		{"size is a lie", liar, `unpack "small": unexpected EOF`},
		{"negative size", negative, "read tar: archive/tar: invalid tar header"},
		{"claims too much", pack(t, file("big", strings.Repeat("x", 2<<20))), `unpack "big": member claims 2097152 bytes, the archive has 1048576 in all`},
		{"too much together", pack(t, file("a", strings.Repeat("x", 700<<10)), file("b", strings.Repeat("x", 700<<10))), `unpack "b": member claims 716800 bytes`},
		{"too long a stream", append(pack(t), make([]byte, 2<<20)...), "stream is longer than"},
		{"too many", pack(t, many...), "more than 1000 members"},
		{"too deep", pack(t, file(strings.Repeat("d/", 64)+"f", "")), "name has 65 parts, expected at most 64"},
		{"mark", pack(t, file("./"+claim.Mark, "")), "is that of the mark"},
		{"garbage", []byte(strings.Repeat("garbage!", 128)), "read tar: archive/tar: invalid tar header"},
		{"garbage at the end", garbage, "data after the end of the archive"},
		{"truncated", pack(t, file("a", strings.Repeat("x", 4096)))[:2048], "unexpected EOF"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			root := t.TempDir()
			out := filepath.Join(root, "out")
			for _, existing := range []bool{false, true} {
				want := ""
				if existing {
					if err := os.Mkdir(out, 0o755); err != nil {
						t.Fatal(err)
					}
					want = "drwxr-xr-x out"
				}
				_, err := Extract(out, bytes.NewReader(tt.tar), roomy)
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("error %v, want %q in it", err, tt.want)
				}
				if got := list(t, root); got != want {
					t.Errorf("left behind:\n%s\nwant:\n%s", got, want)
				}
			}
		})
	}
}

// checksum sets the checksum of a first header.
func checksum(p []byte) {
	copy(p[148:156], "        ")
	sum := 0
	for _, c := range p[:512] {
		sum += int(c)
	}
	copy(p[148:156], fmt.Sprintf("%06o\x00 ", sum))
}

func TestExtractTarget(t *testing.T) {
	p := pack(t, file("f", "new"))
	root := t.TempDir()
	name := func(parts ...string) string { return filepath.Join(append([]string{root}, parts...)...) }
	for _, d := range []string{"full", "elsewhere"} {
		if err := os.Mkdir(name(d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range []string{name("full", "f"), name("file")} {
		if err := os.WriteFile(f, []byte("old"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(name("nowhere"), name("dangling")); err != nil {
		t.Fatal(err)
	}
	before := list(t, root)
	for _, tt := range []struct{ dir, want string }{
		{name("full"), "is not empty: expected a directory that does not exist or is empty"},
		{name("file"), "is no directory: expected a directory that does not exist or is empty"},
		{name("none", "below"), "no such file or directory"},
		{name("dangling"), "create directory: "},
	} {
		if _, err := Extract(tt.dir, bytes.NewReader(p), roomy); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q in it", tt.dir, err, tt.want)
		}
	}
	if after := list(t, root); after != before {
		t.Errorf("changed to:\n%s\nfrom:\n%s", after, before)
	}
}
