// SPDX-License-Identifier: Apache-2.0

package bootimage

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// pages joins parts, each filled up to a page.
func pages(page int, parts ...[]byte) []byte {
	var all []byte
	for _, p := range parts {
		all = append(all, p...)
		all = append(all, make([]byte, (page-len(p)%page)%page)...)
	}
	return all
}

func put(p []byte, at int, n uint32) { binary.LittleEndian.PutUint32(p[at:], n) }

// version2 is a boot image of version 2, with pages of 2048 bytes.
func version2(kernel, ramdisk, dtb []byte, cmdline string) []byte {
	h := make([]byte, headerLength)
	copy(h, magic)
	put(h, 8, uint32(len(kernel)))
	put(h, 12, 0x10008000)
	put(h, 16, uint32(len(ramdisk)))
	put(h, 20, 0x11000000)
	put(h, 32, 0x10000100)
	put(h, 36, 2048)
	put(h, 40, 2)
	put(h, 44, 0x16000000)
	copy(h[48:], "board")
	copy(h[64:], cmdline)
	put(h, 1644, 1660)
	put(h, 1648, uint32(len(dtb)))
	return pages(2048, h, kernel, ramdisk, dtb)
}

// version4 is a boot image of version 3 or 4.
func version4(version uint32, kernel, ramdisk []byte, signature int) []byte {
	h := make([]byte, pageV3)
	copy(h, magic)
	put(h, 8, uint32(len(kernel)))
	put(h, 12, uint32(len(ramdisk)))
	put(h, 20, 1584)
	put(h, 40, version)
	copy(h[44:], "quiet")
	put(h, 1580, uint32(signature))
	return pages(pageV3, h, kernel, ramdisk, make([]byte, signature))
}

func gz(text string) []byte { return []byte("\x1f\x8b" + text) }

// programs are stand-ins for AOSP's two: what unpack says, and what mkbootimg makes.
func programs(t *testing.T, dir string, says string, makes []byte) (unpack, mkbootimg string) {
	t.Helper()
	made := filepath.Join(dir, "made")
	if err := os.WriteFile(made, makes, 0o644); err != nil {
		t.Fatal(err)
	}
	unpack, mkbootimg = filepath.Join(dir, "unpack"), filepath.Join(dir, "mkbootimg")
	for file, text := range map[string]string{
		unpack:    "printf -- '" + says + "'\n",
		mkbootimg: "while [ \"$1\" != --output ]; do [ \"$1\" = --kernel ] && echo $2 >'" + dir + "/given'; shift; done; cp '" + made + "' $2\n",
	} {
		if err := os.WriteFile(file, []byte("#!/bin/sh\n"+text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return unpack, mkbootimg
}

func TestRepack(t *testing.T) {
	const says = `--header_version\0002\000--kernel\000parts/kernel\000--cmdline\000a b\000`
	old, fresh := gz("old"), gz("a new kernel")
	ramdisk, dtb := []byte("ramdisk"), bytes.Repeat([]byte("dtb"), 1000)
	for _, tt := range []struct {
		name          string
		image, makes  []byte
		kernel        []byte
		says          string
		want, warning string
	}{
		{name: "v2", image: version2(old, ramdisk, dtb, "a b"), makes: version2(fresh, ramdisk, dtb, "a b")},
		{name: "v3", image: version4(3, old, ramdisk, 0), makes: version4(3, fresh, ramdisk, 0)},
		{name: "v4", image: version4(4, old, nil, 0), makes: version4(4, fresh, nil, 0)},
		{name: "signed", image: version4(4, old, nil, 4096), makes: version4(4, fresh, nil, 0), warning: "the boot signature of "},
		{name: "cmdline", image: version2(old, ramdisk, dtb, "a b"), makes: version2(fresh, ramdisk, dtb, "a"), want: "changed the header's cmdline"},
		{name: "dtb", image: version2(old, ramdisk, dtb, ""), makes: version2(fresh, ramdisk, bytes.ToUpper(dtb), ""), want: "changed its dtb"},
		{name: "kernel", image: version4(3, old, ramdisk, 0), makes: version4(3, old, ramdisk, 0), want: "changed its kernel"},
		{name: "version", image: version4(3, old, ramdisk, 0), makes: version4(4, fresh, ramdisk, 0), want: "changed the header's header_version"},
		{name: "format", image: version4(3, old, nil, 0), kernel: []byte("\x02\x21\x4c\x18"), want: "it is lz4, and the kernel there is gzip"},
		{name: "no kernel", image: version4(4, nil, ramdisk, 0), want: "it has no kernel; expected boot.img"},
		{name: "words", image: version4(3, old, nil, 0), says: `--header_version\0003\000`, want: "named no --kernel among 2 words"},
		{name: "v1", image: func() []byte { p := version2(old, nil, dtb, ""); put(p, 40, 1); return p }(), want: "its header is of version 1, expected 2 to 4"},
		{name: "page", image: func() []byte { p := version2(old, nil, dtb, ""); put(p, 36, 3000); return p }(), want: "its pages have 3000 bytes"},
		{name: "no image", image: make([]byte, 4096), want: `expected "ANDROID!"`},
		{name: "short", image: []byte(magic), want: "it has 8 bytes; expected a header"},
		{name: "cut", image: version4(3, old, bytes.Repeat(ramdisk, 1000), 0)[:8192], want: "its ramdisk ends at byte 15192, and the file has 8192"},
	} {
		dir := t.TempDir()
		if tt.says == "" {
			tt.says = says
		}
		if tt.kernel == nil {
			tt.kernel = fresh
		}
		var log bytes.Buffer
		r := Repack{Image: filepath.Join(dir, "boot.img"), Kernel: filepath.Join(dir, "Image.gz"), Out: filepath.Join(dir, "out.img"), Scratch: filepath.Join(dir, "scratch"), Log: &log}
		r.Unpack, r.Mkbootimg = programs(t, dir, tt.says, tt.makes)
		for file, content := range map[string][]byte{r.Image: tt.image, r.Kernel: tt.kernel} {
			if err := os.WriteFile(file, content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		err := r.Run()
		out, read := os.ReadFile(r.Out)
		if _, err := os.Stat(r.Scratch); !os.IsNotExist(err) {
			t.Errorf("%s: the scratch directory is left", tt.name)
		}
		if tt.want != "" {
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: error %v, want %q in one line", tt.name, err, tt.want)
			}
			if !os.IsNotExist(read) {
				t.Errorf("%s: an image is left", tt.name)
			}
			continue
		}
		if err != nil || !bytes.Equal(out, tt.makes) {
			t.Errorf("%s: %d bytes, %v, %v, want the %d that mkbootimg made", tt.name, len(out), err, read, len(tt.makes))
		}
		if given, _ := os.ReadFile(filepath.Join(dir, "given")); strings.TrimSpace(string(given)) != r.Kernel {
			t.Errorf("%s: mkbootimg was given %q as the kernel, want %s", tt.name, given, r.Kernel)
		}
		if !strings.Contains(log.String(), tt.warning) || tt.warning == "" && log.Len() > 0 {
			t.Errorf("%s: log %q, want %q", tt.name, log.String(), tt.warning)
		}
	}
}

// A scratch directory that is the user's own stays as it is.
func TestRepackScratchOfTheUser(t *testing.T) {
	dir := t.TempDir()
	own := filepath.Join(dir, "own")
	r := Repack{Image: filepath.Join(own, "boot.img"), Kernel: filepath.Join(own, "Image.gz"), Out: filepath.Join(dir, "out.img"), Scratch: own, Log: os.Stderr}
	if err := os.Mkdir(own, 0o755); err != nil {
		t.Fatal(err)
	}
	image := version4(3, gz("old"), nil, 0)
	r.Unpack, r.Mkbootimg = programs(t, dir, `--kernel\000parts/kernel\000`, version4(3, gz("new"), nil, 0))
	for file, content := range map[string][]byte{r.Image: image, r.Kernel: gz("new")} {
		if err := os.WriteFile(file, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Run(); err == nil || !strings.Contains(err.Error(), "scratch "+own+" is there and not empty") {
		t.Errorf("error %v, want one that names %s", err, own)
	}
	if got, err := os.ReadFile(r.Image); !bytes.Equal(got, image) {
		t.Errorf("the image has %d bytes, %v, want it as it was", len(got), err)
	}
}

func FuzzReadHeader(f *testing.F) {
	f.Add(version2(gz("k"), []byte("r"), []byte("d"), "c"))
	f.Add(version4(4, gz("k"), []byte("r"), 4096))
	f.Fuzz(func(t *testing.T, p []byte) {
		h, err := readHeader(bytes.NewReader(p), int64(len(p)))
		if err != nil {
			return
		}
		for _, part := range h.parts {
			if part.size > 0 && part.offset+part.size > int64(len(p)) {
				t.Errorf("part %s of %d bytes at %d is not in %d bytes", part.name, part.size, part.offset, len(p))
			}
		}
	})
}
