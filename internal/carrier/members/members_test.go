// SPDX-License-Identifier: Apache-2.0

package members

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"

	"github.com/rules-kheaders/rules_kheaders/internal/archive/lzma2"
	"github.com/rules-kheaders/rules_kheaders/internal/archive/manifest"
	"github.com/rules-kheaders/rules_kheaders/internal/archive/ustar"
	"github.com/rules-kheaders/rules_kheaders/internal/carrier/carriertest"
	"github.com/rules-kheaders/rules_kheaders/internal/headers/pack"
	"github.com/rules-kheaders/rules_kheaders/internal/headers/tree/treetest"
)

// TestList reads the same archive out of everything that may hold it.
func TestList(t *testing.T) {
	dir := t.TempDir()
	obj := treetest.Objects().Write(t, filepath.Join(dir, "obj"))
	r, err := pack.Pack(pack.Options{
		Profile: "module", Arch: "x86_64", Trees: []string{treetest.Source().Write(t, filepath.Join(dir, "src")), obj},
		Symvers: filepath.Join(obj, "Module.symvers"), Config: filepath.Join(obj, ".config"), Comments: pack.Strip, Encoder: lzma2.Fast,
	})
	if err != nil {
		t.Fatal(err)
	}
	archive, err := r.Bytes(0)
	if err != nil {
		t.Fatal(err)
	}
	var lines bytes.Buffer
	if err := manifest.Write(&lines, r.Manifest); err != nil {
		t.Fatal(err)
	}
	filled, err := r.Archive.Bytes(int64(len(archive)) + 4096)
	if err != nil {
		t.Fatal(err)
	}
	vmlinux := carriertest.ELF{Is64: true, Type: elf.ET_EXEC, Machine: elf.EM_X86_64, Sections: []carriertest.Section{
		{Name: ".rodata1", Flags: elf.SHF_ALLOC, Addr: 0x1000, Data: filled, Pad: 3},
	}}.Bytes()
	image := append(bytes.Repeat([]byte{0x90}, 4096), filled...)
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	if _, err := z.Write(image); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{
		"archive": archive, "filled archive": filled, "manifest": lines.Bytes(),
		"vmlinux": vmlinux, "raw Image": image, "Image.gz": zipped.Bytes(),
	} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, content, 0o644); err != nil {
			t.Fatal(err)
		}
		if got, err := List(file); err != nil || !slices.Equal(got, r.Manifest) {
			t.Errorf("%s: got %v, %v; want the manifest", name, got, err)
		}
	}
	broken := slices.Clone(archive)
	broken[len(broken)/2] ^= 1
	for name, tt := range map[string]struct {
		content []byte
		want    string
	}{
		"empty":                 {nil, "it is empty"},
		"text":                  {[]byte("int x;\n"), "expected"},
		"truncated archive":     {archive[:len(archive)/2], "is damaged: it has"},
		"archive with an error": {broken, "list members of "},
		"kernel without":        {bytes.Repeat([]byte{0x90}, 4096), "expected"},
	} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, tt.content, 0o644); err != nil {
			t.Fatal(err)
		}
		if got, err := List(file); err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: got %d members, %v; want an error with %q and the file", name, len(got), err, tt.want)
		}
	}
}

// sparseHeader is old GNU tar's header of a file of a size, in bytes, that is a
// hole but for the first byte (GNU tar's manual, "Basic Tar Format").
func sparseHeader(name string, size int64) []byte {
	h := make([]byte, ustar.BlockSize)
	copy(h, name)
	copy(h[100:], "0000644\x000000000\x000000000\x0000000000001\x0000000000000\x00        S")
	copy(h[257:], "ustar  \x00")
	copy(h[386:], "00000000000\x0000000000001\x00")
	copy(h[410:], fmt.Sprintf("%011o\x0000000000000\x00", size))
	copy(h[483:], fmt.Sprintf("%011o\x00", size))
	sum := 0
	for _, c := range h {
		sum += int(c)
	}
	copy(h[148:], fmt.Sprintf("%06o\x00 ", sum))
	return append(h, append([]byte("x"), make([]byte, ustar.BlockSize-1)...)...)
}

func TestListForeign(t *testing.T) {
	read := func(headers ...tar.Header) []byte {
		p, err := os.ReadFile(treetest.MakeTar(t, headers...))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	file := func(name string) tar.Header { return tar.Header{Name: name, Linkname: "x"} }
	end := make([]byte, 2*ustar.BlockSize)
	const limit = 512 << 20
	got, err := listTar(bytes.NewReader(append(sparseHeader("sparse.h", 4096), end...)), limit)
	if err != nil || len(got) != 1 || got[0].Name != "sparse.h" || got[0].Size != 4096 {
		t.Errorf("sparse: got %v, %v; want a file of 4096 bytes", got, err)
	}
	linked := read(file("a.h"), tar.Header{Name: "./b.h", Linkname: "a.h", Typeflag: tar.TypeLink},
		tar.Header{Name: "c.h", Linkname: "a.h", Typeflag: tar.TypeSymlink})
	got, err = listTar(bytes.NewReader(linked), limit)
	if err != nil || len(got) != 2 || got[1].Name != "b.h" || got[1].Size == 0 || got[1].SHA256 != got[0].SHA256 {
		t.Errorf("hard link: got %v, %v; want a.h and b.h, the same", got, err)
	}
	twice := read(file("a.h"), file("d"), file("b.h"), treetest.Hardlink("e.h", "a.h"), tar.Header{Name: "./a.h", Linkname: "new"}, treetest.Hardlink("b.h", "b.h"), treetest.Directory("d/"))
	got, err = listTar(bytes.NewReader(twice), limit)
	var names []string
	for _, e := range got {
		names = append(names, fmt.Sprint(e.Name, " ", e.Size))
	}
	if want := []string{"b.h 1", "e.h 1", "a.h 3"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("twice: got %v, %v; want the last ones, %v", names, err, want)
	}
	for _, tt := range []struct {
		name string
		in   []byte
		want string
	}{
		{"newline", read(file("a\n0644 0 b")), `member name "a\n0644 0 b" is empty or holds a control character`},
		{"escape", read(file("a\x1b[2J")), `member name "a\x1b[2J" is empty or holds a control character`},
		{"hole", append(sparseHeader("sparse.h", 1<<32), end...), `member "sparse.h" is a sparse file of 4294967296 bytes, expected at most 268435456`},
		{"members", bytes.Repeat(read(tar.Header{Name: "d/", Typeflag: tar.TypeDir})[:ustar.BlockSize], maxMembers+1), "it has more than 262144 members"},
	} {
		if got, err := listTar(bytes.NewReader(tt.in), limit); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, %v; want an error with %q", tt.name, got, err, tt.want)
		}
	}
	if got, err := listTar(bytes.NewReader(read(file("a.h"))), ustar.BlockSize); err == nil || !strings.Contains(err.Error(), "decodes to more than the limit of 512 bytes") {
		t.Errorf("too large: got %v, %v", got, err)
	}
	two := slices.Concat(sparseHeader("a.h", 4096), sparseHeader("b.h", 4096), end)
	if got, err := listTar(bytes.NewReader(two), 6000); err == nil || !strings.Contains(err.Error(), "sparse files have more than the limit of 6000 bytes") {
		t.Errorf("holes: got %v, %v", got, err)
	}
	// In JSON it is an array too.
	if got, err := listTar(bytes.NewReader(end), limit); err != nil || got == nil || len(got) > 0 {
		t.Errorf("no files: got %#v, %v, want an empty list", got, err)
	}
	// An .xz file's check comes when the tar has ended.
	damaged := errors.New("its check is wrong")
	if got, err := listTar(io.MultiReader(bytes.NewReader(read(file("a.h"))), iotest.ErrReader(damaged)), limit); !errors.Is(err, damaged) {
		t.Errorf("damaged: got %v, %v; want %v", got, err, damaged)
	}
}

// TestEndless lists what has no end, or what no memory holds.
func TestEndless(t *testing.T) {
	dir := t.TempDir()
	fifo, large := filepath.Join(dir, "fifo"), treetest.Temp(t, "0644 ")
	if err := errors.Join(syscall.Mkfifo(fifo, 0o600), os.Truncate(large, 1<<40)); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		fifo:  fifo + " is not a file",
		large: "read " + large + ": it has 1099511627776 bytes, expected at most 268435456",
	} {
		if _, err := List(file); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
}
