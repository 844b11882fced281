// SPDX-License-Identifier: Apache-2.0

package stamp

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"debug/elf"
	"encoding/binary"
	"os"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/rules-kheaders/rules_kheaders/internal/archive/xz"
	"github.com/rules-kheaders/rules_kheaders/internal/archive/xz/xztest"
	"github.com/rules-kheaders/rules_kheaders/internal/carrier"
	"github.com/rules-kheaders/rules_kheaders/internal/carrier/carriertest"
)

// tree is what members unpack to.
const tree = ".kheaders-stamp Makefile include include/linux include/linux/types.h scripts scripts/mod scripts/mod/modpost"

func TestExtract(t *testing.T) {
	p := newPlace(t, x86.SectionKernel(".rodata1", placeholder(t)).Bytes())
	p.stamp("carrier", "vmlinux")
	if err := ExtractArchive(p.name("vmlinux"), p.name("out.tar.xz"), carrier.Options{}); err != nil {
		t.Fatal(err)
	}
	want := carriertest.Bytes(t, carriertest.Archive(t, carriertest.Release, members...), capacity)
	if !bytes.Equal(p.read("out.tar.xz"), want) {
		t.Error("extracted archive is not the region's bytes")
	}
	for _, from := range []string{"vmlinux", "out.tar.xz", "archive"} {
		if _, err := ExtractTree(p.name(from), p.name("tree-"+from), carrier.Options{}); err != nil {
			t.Errorf("%s: %v", from, err)
			continue
		}
		sub := place{t, p.name("tree-" + from)}
		if got := sub.files(); got != tree {
			t.Errorf("%s: files = %q, want %q", from, got, tree)
		}
		for _, m := range members {
			if !bytes.Equal(sub.read(m.Name), carriertest.Content(m.Name, m.Size)) {
				t.Errorf("%s: content of %s differs", from, m.Name)
			}
			info, err := os.Stat(sub.name(m.Name))
			if err != nil || (info.Mode()&0o100 != 0) != (m.Mode&0o100 != 0) {
				t.Errorf("%s: mode of %s = %v, %v; want that of %#o", from, m.Name, info.Mode(), err, m.Mode)
			}
		}
		if text := string(sub.read(".kheaders-stamp")); !strings.Contains(text, "release "+carriertest.Release) {
			t.Errorf("%s: stamp member = %q, want the release in it", from, text)
		}
	}
}

// Upstream's archive, as gen_kheaders.sh makes it and several threads of xz
// compress it: blocks without sizes, CRC64, directories, a relative link. In a
// file of its own, and in an untouched kernel.
func TestExtractUpstream(t *testing.T) {
	archive, err := os.ReadFile("testdata/upstream.tar.xz")
	if err != nil {
		t.Fatal(err)
	}
	p := place{t, t.TempDir()}
	p.write("kheaders.tar.xz", archive)
	p.write("vmlinux", x86.Kernel(archive).Bytes())
	const want = "include include/dt-bindings include/dt-bindings/input include/dt-bindings/input/linux-event-codes.h include/linux" +
		" include/linux/f1.h include/linux/f2.h include/linux/f3.h include/linux/f4.h include/linux/f5.h include/linux/f6.h include/linux/f7.h include/linux/f8.h" +
		" include/uapi include/uapi/linux include/uapi/linux/input-event-codes.h"
	for _, from := range []string{"kheaders.tar.xz", "vmlinux"} {
		counts, err := ExtractTree(p.name(from), p.name("tree-"+from), carrier.Options{})
		if err != nil {
			t.Errorf("%s: %v", from, err)
			continue
		}
		if counts.Files != 9 || counts.Links != 1 || counts.Directories != 6 {
			t.Errorf("%s: counts = %+v", from, counts)
		}
		sub := place{t, p.name("tree-" + from)}
		if got := sub.files(); got != want {
			t.Errorf("%s: files = %q, want %q", from, got, want)
		}
		if got := string(sub.read("include/dt-bindings/input/linux-event-codes.h")); got != "#define KEY 1\n" {
			t.Errorf("%s: through the link: %q", from, got)
		}
	}
	if err := ExtractArchive(p.name("vmlinux"), p.name("out"), carrier.Options{}); err != nil || !bytes.Equal(p.read("out"), archive) {
		t.Errorf("ExtractArchive: %v, want the archive's bytes", err)
	}
	p.write("damaged", splice(archive, len(archive)/2, []byte("XX")))
	wantError(t, ExtractArchive(p.name("damaged"), p.name("none"), carrier.Options{}), "xz")
	_, err = ExtractTree(p.name("damaged"), p.name("none"), carrier.Options{})
	wantError(t, err, "xz")
	if _, err := os.Stat(p.name("none")); err == nil {
		t.Error("a damaged archive left something behind")
	}
}

// A stamped kernel is read through what it is shipped in.
func TestWrapped(t *testing.T) {
	p := newPlace(t, x86.SectionKernel(".rodata1", placeholder(t)).Bytes())
	p.stamp("carrier", "vmlinux")
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	if _, err := z.Write(p.read("vmlinux")); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	var frame bytes.Buffer
	enc, err := zstd.NewWriter(&frame)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := enc.Write(p.read("vmlinux")); err != nil {
		t.Fatal(err)
	}
	if err := enc.Close(); err != nil {
		t.Fatal(err)
	}
	p.write("vmlinux.zst", frame.Bytes())
	p.write("bzImage.zst", bzImage(frame.Bytes()))
	// As linux/scripts/xz_wrap.sh calls it.
	filtered := xztest.Run(t, "xz-utils", "xz", "--check=crc32", "--x86", "--lzma2=dict=32MiB", "--stdout", p.name("vmlinux"))
	p.write("bzImage.xz", bzImage(filtered))
	boot := make([]byte, 4096)
	copy(boot, "ANDROID!")
	binary.LittleEndian.PutUint32(boot[8:], uint32(zipped.Len()))
	boot[40] = 4
	p.write("vmlinux.gz", zipped.Bytes())
	p.write("boot.img", append(boot, zipped.Bytes()...))
	for _, tt := range []struct{ file, kind string }{
		{"vmlinux.gz", "ELF64 LE ET_EXEC x86-64 in gzip"},
		{"vmlinux.zst", "ELF64 LE ET_EXEC x86-64 in zstd"},
		{"bzImage.zst", "ELF64 LE ET_EXEC x86-64 in zstd in x86 bzImage"},
		{"bzImage.xz", "ELF64 LE ET_EXEC x86-64 in xz in x86 bzImage"},
		{"boot.img", "ELF64 LE ET_EXEC x86-64 in gzip in Android boot image"},
	} {
		v, err := Verify(p.name(tt.file), "", carrier.Options{})
		if err != nil || v.Kind != tt.kind || !v.Stamped {
			t.Errorf("%s: Verify = %+v, %v; want kind %q", tt.file, v, err, tt.kind)
		}
		if _, err := ExtractTree(p.name(tt.file), p.name("tree-"+tt.file), carrier.Options{}); err != nil {
			t.Errorf("%s: %v", tt.file, err)
		}
		_, err = Verify(p.name(tt.file), p.name("carrier"), carrier.Options{})
		wantError(t, err, "expected an uncompressed carrier to compare with")
		err = Stamp(Request{Carrier: p.name(tt.file), Archive: p.name("archive"), Out: p.name("out"), Restamp: true})
		wantError(t, err, "expected an uncompressed carrier (vmlinux, kheaders.ko, raw Image)")
	}
	// Stored as pzstd stores it, and in parts.
	p.write("skip.zst", append([]byte("\x50\x2a\x4d\x18\x04\x00\x00\x00size"), frame.Bytes()...))
	if v, err := Verify(p.name("skip.zst"), "", carrier.Options{}); err != nil || v.Kind != "ELF64 LE ET_EXEC x86-64 in zstd" {
		t.Errorf("skippable frame: Verify = %+v, %v", v, err)
	}
	// What cannot be unpacked: the advice is for reading, not for stamping.
	p.write("bzImage.fit", bzImage([]byte("\xd0\x0d\xfe\xed")))
	_, err = Verify(p.name("bzImage.fit"), "", carrier.Options{})
	wantError(t, err, "it is a U-Boot FIT image in x86 bzImage, which cannot be unpacked: expected gzip, xz, zstd, bzip2, lzma, lzop, lz4, ")
	wantError(t, err, "; give the vmlinux or kheaders.ko itself")
	// One in another without end.
	deep := zipped.Bytes()
	for range maxLayers {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		if _, err := z.Write(deep); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		deep = b.Bytes()
	}
	p.write("deep", deep)
	_, err = Inspect(p.name("deep"), carrier.Options{})
	wantError(t, err, "more than 4 files in one another")
}

// bzImage returns the least of one (linux/Documentation/arch/x86/boot.rst) with
// a payload and the size behind it that Kbuild appends.
func bzImage(payload []byte) []byte {
	p := make([]byte, 1024)
	p[0x1f1] = 1 // sectors of setup, and one before it
	copy(p[0x202:], "HdrS\x0f\x02")
	binary.LittleEndian.PutUint32(p[0x24c:], uint32(len(payload)+4))
	return append(append(p, payload...), "size"...)
}

// An archive that is well framed and lies about its content is found out, and
// nothing is left.
func TestExtractErrors(t *testing.T) {
	a := carriertest.Archive(t, carriertest.Release, members...)
	a.Marker.Content[0] ^= 1
	digest := carriertest.Bytes(t, a, capacity)

	escape := carriertest.Archive(t, carriertest.Release, tar.Header{Name: "../escape", Size: 1})
	link := carriertest.Archive(t, carriertest.Release, tar.Header{Name: "l", Typeflag: tar.TypeSymlink, Linkname: "../escape"})

	huge := carriertest.Archive(t, carriertest.Release, members...)
	p := carriertest.Member(t, tar.Header{Name: "huge", Size: 10})
	copy(p[124:136], "77777777777\x00")
	copy(p[148:156], "        ")
	sum := 0
	for _, c := range p[:512] {
		sum += int(c)
	}
	copy(p[148:156], []byte{'0' + byte(sum>>12&7), '0' + byte(sum>>9&7), '0' + byte(sum>>6&7), '0' + byte(sum>>3&7), '0' + byte(sum&7), 0, ' '})
	huge.Content[0] = xz.Stored(p)

	whole := carriertest.Bytes(t, carriertest.Archive(t, carriertest.Release, members...), capacity)
	flipped := splice(whole, bytes.Index(whole, []byte("include/linux/types.hinclude")), []byte("X"))

	for _, tt := range []struct {
		name string
		file []byte
		want string
	}{
		{"wrong digest", digest, "content has sha256"},
		{"flipped bit", flipped, "CRC32"},
		{"escape", carriertest.Bytes(t, escape, capacity), `unpack "../escape": name has '..'`},
		{"link", carriertest.Bytes(t, link, capacity), `link to "../escape" leads outside`},
		{"size is a lie", carriertest.Bytes(t, huge, capacity), `unpack "huge": member claims 8589934591 bytes, the archive has`},
		{"placeholder", placeholder(t), "holds a placeholder, no archive: expected a stamped file; 'patcher stamp' makes it"},
		{"zeros", x86.Kernel(make([]byte, capacity)).Bytes(), "holds zeros: expected an archive"},
		{"truncated", whole[:len(whole)-8], "the one at offset 0 is damaged: it has"},
		{"damaged in the carrier", x86.Kernel(splice(whole, len(whole)-2, []byte("XX"))).Bytes(), "kernel_headers_data_end holds a damaged archive: "},
		{"damaged gzip", []byte("\x1f\x8b\x08 and so on"), "unpack gzip: unexpected EOF"},
		{"text", []byte("text"), "no reservation found"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := place{t, t.TempDir()}
			p.write("file", tt.file)
			_, err := ExtractTree(p.name("file"), p.name("out"), carrier.Options{})
			wantError(t, err, tt.want)
			if got := p.files(); got != "file" {
				t.Errorf("files = %q, want %q", got, "file")
			}
		})
	}

	q := place{t, t.TempDir()}
	q.write("file", whole)
	wantError(t, ExtractArchive(q.name("file"), q.name("file"), carrier.Options{}), "it is also the carrier")
	q.write("placeholder", placeholder(t))
	wantError(t, ExtractArchive(q.name("placeholder"), q.name("out"), carrier.Options{}), "holds a placeholder")
	q.write("flipped", flipped)
	wantError(t, ExtractArchive(q.name("flipped"), q.name("out"), carrier.Options{}), "CRC32")
	q.write("cut", whole[:len(whole)-8])
	_, err := Inspect(q.name("cut"), carrier.Options{})
	wantError(t, err, "the one at offset 0 is damaged")
	if got := q.files(); got != "cut file flipped placeholder" {
		t.Errorf("files = %q, want no output", got)
	}
}

func TestInspect(t *testing.T) {
	upstream, err := os.ReadFile("testdata/upstream.tar.xz")
	if err != nil {
		t.Fatal(err)
	}
	image := carriertest.Image(placeholder(t))
	module := carriertest.ELF{Is64: true, Type: elf.ET_REL, Machine: elf.EM_X86_64}
	region := carriertest.Bytes(t, carriertest.Archive(t, "6.12.1", members...), capacity)
	a := carriertest.Archive(t, "6.12.1", members...)
	for _, tt := range []struct {
		name string
		file []byte
		want Info
		text string
	}{
		{"placeholder", x86.Kernel(placeholder(t)).Bytes(),
			Info{Kind: "ELF64 LE ET_EXEC x86-64", LocatedBy: "symbols", LocatedName: "kernel_headers_data,kernel_headers_data_end", State: StatePlaceholder, KernelRelease: carriertest.Release},
			"placeholder, not stamped"},
		{"signed module", append(module.Kernel(placeholder(t)).Bytes(), carrier.ModuleTrailer...),
			Info{Kind: "ELF64 LE ET_REL x86-64", LocatedBy: "symbols", LocatedName: "kernel_headers_data,kernel_headers_data_end", State: StatePlaceholder, KernelRelease: carriertest.Release, Signed: true},
			"signed:          yes: it is stamped without its signature (a module: with --unsign)"},
		{"signed image", signedImage(placeholder(t)),
			Info{Kind: "raw Image arm64", LocatedBy: "marker", State: StatePlaceholder, KernelRelease: carriertest.Release, Signed: true},
			"signed:          yes"},
		{"stamped", splice(image, bytes.Index(image, placeholder(t)), region),
			Info{Kind: "raw Image arm64", LocatedBy: "marker", State: StateStamped, Stamped: true, Used: a.MinSize(), Free: capacity - a.MinSize(), Members: 3, Release: "6.12.1", KernelRelease: carriertest.Release},
			"archive release:  6.12.1"},
		{"archive", region,
			Info{Kind: "archive", LocatedBy: "marker", State: StateStamped, Stamped: true, Used: a.MinSize(), Free: capacity - a.MinSize(), Members: 3, Release: "6.12.1"},
			"members:          3"},
		{"foreign", x86.Kernel(append([]byte("\xfd7zXZ\x00"), make([]byte, capacity-6)...)).Bytes(),
			Info{Kind: "ELF64 LE ET_EXEC x86-64", LocatedBy: "symbols", LocatedName: "kernel_headers_data,kernel_headers_data_end", State: StateForeign, KernelRelease: carriertest.Release},
			"an .xz file that packer did not make"},
		{"foreign archive", upstream,
			Info{Kind: "tar.xz", State: StateForeign},
			"kind:      tar.xz"},
		{"zeros", x86.Kernel(make([]byte, capacity)).Bytes(),
			Info{Kind: "ELF64 LE ET_EXEC x86-64", LocatedBy: "symbols", LocatedName: "kernel_headers_data,kernel_headers_data_end", State: StateUnknown, KernelRelease: carriertest.Release},
			"no archive"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := place{t, t.TempDir()}
			p.write("file", tt.file)
			got, err := Inspect(p.name("file"), carrier.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if len(got.SHA256) != 64 || (got.ContentSHA256 == "") != (tt.want.State == StateForeign || tt.want.State == StateUnknown) {
				t.Errorf("digests = %q, %q", got.SHA256, got.ContentSHA256)
			}
			var text bytes.Buffer
			if err := got.Text(&text); err != nil || !strings.Contains(text.String(), tt.text) {
				t.Errorf("text = %q, %v; want %q in it", text.String(), err, tt.text)
			}
			if !tt.want.Signed && strings.Contains(text.String(), "signed: ") {
				t.Errorf("text = %q; want nothing of a signature in it", text.String())
			}
			if tt.want.State == StatePlaceholder {
				tt.want.Used, tt.want.Free, tt.want.Members = got.Used, capacity-got.Used, got.Members
			}
			tt.want.File, tt.want.Capacity, tt.want.Offset = got.File, capacity, got.Offset
			if tt.want.Kind == "tar.xz" {
				tt.want.Capacity = int64(len(upstream))
			}
			tt.want.SHA256, tt.want.ContentSHA256 = got.SHA256, got.ContentSHA256
			if *got != tt.want {
				t.Errorf("Inspect = %+v, want %+v", *got, tt.want)
			}
		})
	}
}

func TestVerify(t *testing.T) {
	p := newPlace(t, x86.Kernel(placeholder(t)).Bytes())
	p.stamp("carrier", "vmlinux")
	good := p.read("vmlinux")
	at := bytes.Index(p.read("carrier"), placeholder(t))
	p.write("before", splice(good, at-1, []byte("X")))
	p.write("after", splice(good, at+capacity, []byte("X")))
	p.write("inside", splice(good, bytes.Index(good, []byte("include/linux/types.hinclude")), []byte("X")))
	p.write("longer", append(bytes.Clone(good), 0))
	p.write("moved", x86.SectionKernel(".rodata1", placeholder(t)).Bytes())
	p.write("text", []byte("text"))
	for _, tt := range []struct{ file, original, want string }{
		{"vmlinux", "", ""},
		{"vmlinux", "carrier", ""},
		{"vmlinux", "vmlinux", "is the same file: expected the carrier before it was stamped"},
		{"archive", "", ""},
		{"before", "", ""},
		{"before", "carrier", "outside the reservation, is not that of"},
		{"after", "carrier", "outside the reservation, is not that of"},
		{"longer", "carrier", "expected the same size"},
		{"vmlinux", "moved", "expected the same place"},
		{"vmlinux", "text", "find reservation in"},
		{"vmlinux", "none", "no such file"},
		{"inside", "", "CRC32"},
		{"carrier", "", "holds a placeholder: expected a stamped archive"},
		{"text", "", "no reservation found"},
	} {
		original := tt.original
		if original != "" {
			original = p.name(original)
		}
		got, err := Verify(p.name(tt.file), original, carrier.Options{})
		if tt.want != "" {
			wantError(t, err, tt.want)
			continue
		}
		if err != nil || !got.Verified || !got.Stamped || got.Members != len(members) || got.Original != original {
			t.Errorf("Verify(%s, %q) = %+v, %v; want it verified", tt.file, tt.original, got, err)
		}
	}
}
