// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"bytes"
	"compress/gzip"
	"debug/elf"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/internal/carrier/carriertest"
	"github.com/rules-kheaders/rules_kheaders/internal/manifest"
)

// TestList reads the same archive out of everything that may hold it.
func TestList(t *testing.T) {
	r, archive := pack(t, options(t, sourceTree(), objectTree()))
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
	dir := t.TempDir()
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
		"truncated archive":     {archive[:len(archive)/2], "EOF"},
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
