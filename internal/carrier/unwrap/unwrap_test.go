// SPDX-License-Identifier: Apache-2.0

package unwrap

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
)

// text is what the files in testdata hold, made with gzip, bzip2, xz, zstd and
// lz4 and lzop of Debian 12.
var text = func() []byte {
	var b bytes.Buffer
	for i := range 20000 {
		fmt.Fprintf(&b, "#define LINE_%d %d\n", i/40, i%7)
	}
	return b.Bytes()[:200000]
}()

func testdata(t testing.TB, name string) []byte {
	t.Helper()
	p, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func open(p []byte) (name string, content []byte, err error) {
	inner, err := Open(bytes.NewReader(p), int64(len(p)))
	if err != nil {
		return "", nil, err
	}
	content, err = io.ReadAll(io.NewSectionReader(inner, 0, inner.Size))
	return inner.Name, content, err
}

func le32(values ...uint32) []byte {
	var p []byte
	for _, v := range values {
		p = binary.LittleEndian.AppendUint32(p, v)
	}
	return p
}

// image returns a file of parts, each at its offset.
func image(parts map[int][]byte) []byte {
	var p []byte
	for at, part := range parts {
		if need := at + len(part); need > len(p) {
			p = append(p, make([]byte, need-len(p))...)
		}
		copy(p[at:], part)
	}
	return p
}

// The first bytes of the two formats of lz4 files: the frame, and what 'lz4 -l' writes.
const (
	lz4Frame  = "\x04\x22\x4d\x18"
	lz4Legacy = "\x02\x21\x4c\x18"
)

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// skippable returns one of the 16 kinds of frames that zstd and lz4 skip.
func skippable(kind byte) []byte {
	return join([]byte{0x50 + kind, 0x2a, 0x4d, 0x18}, le32(12), make([]byte, 12))
}

func bz(version uint16, sectors byte, payload []byte) []byte {
	at := int(sectors)
	if at == 0 {
		at = 4
	}
	return image(map[int][]byte{
		0x1f1:                                  {sectors},
		0x202:                                  []byte("HdrS"),
		0x206:                                  {byte(version), byte(version >> 8)},
		0x248:                                  le32(0x300, uint32(len(payload))),
		(at+1)*512 + 0x300:                     payload,
		(at+1)*512 + 0x300 + len(payload) + 50: []byte("end"),
	})
}

func TestOpen(t *testing.T) {
	word := le32(uint32(len(text))) // what Kbuild appends
	gz, zst := testdata(t, "gz"), testdata(t, "zst")
	linked, legacy := testdata(t, "linked.lz4"), testdata(t, "legacy.lz4")
	stored := append([]byte(lz4Frame+"\x60\x40\x82"), le32(1<<31|5)...)
	for _, tt := range []struct {
		name string
		file []byte
		want string
		text []byte
	}{
		{"gzip", testdata(t, "gz"), "gzip", text},
		{"gzip and more", append(testdata(t, "gz"), "more"...), "gzip", text},
		{"bzip2", testdata(t, "bz2"), "bzip2", text},
		{"xz", testdata(t, "xz"), "xz", text},
		{"zstd", testdata(t, "zst"), "zstd", text},
		{"zstd twice", append(testdata(t, "zst"), testdata(t, "zst")...), "zstd", append(text[:len(text):len(text)], text...)},
		{"zstd -22 --ultra", testdata(t, "22.zst"), "zstd", text},
		{"lzma", testdata(t, "lzma"), "lzma", text},
		{"lzop -9", testdata(t, "lzo"), "lzop", text},
		{"lzop -1", testdata(t, "1.lzo"), "lzop", text},
		{"lzop and size", join(testdata(t, "lzo"), word), "lzop", text},
		{"xz --arm64", testdata(t, "arm64.xz"), "xz", text},
		{"lz4 linked", testdata(t, "linked.lz4"), "lz4", text},
		{"lz4 blocks", testdata(t, "blocks.lz4"), "lz4", text},
		{"lz4 legacy", testdata(t, "legacy.lz4"), "lz4", text},
		{"lz4 legacy twice", append(testdata(t, "legacy.lz4"), testdata(t, "legacy.lz4")...), "lz4", append(text[:len(text):len(text)], text...)},
		{"gzip twice", join(gz, gz), "gzip", join(text, text)},
		{"gzip twice and more", join(gz, gz, []byte("\x1f\x8bmore")), "gzip", join(text, text)},
		{"lz4 twice", join(linked, linked), "lz4", join(text, text)},
		{"lz4 and more", join(linked, []byte("more")), "lz4", text},
		{"lz4 behind skippable frames", join(skippable(0), skippable(15), linked), "lz4", text},
		{"lz4 legacy and size", join(legacy, word), "lz4", text},
		{"lz4 legacy twice and size", join(legacy, legacy, le32(uint32(2*len(text)))), "lz4", join(text, text)},
		{"zstd behind skippable frames", join(skippable(0), skippable(15), zst, skippable(3), zst), "zstd", join(text, text)},
		{"lz4 stored", append(append(stored, "plain"...), le32(0)...), "lz4", []byte("plain")},

		{"bzImage gzip", bz(0x20f, 27, testdata(t, "gz")), "x86 bzImage", testdata(t, "gz")},
		{"bzImage xz", bz(0x208, 0, append(testdata(t, "xz"), word...)), "x86 bzImage", testdata(t, "xz")},
		{"bzImage zstd", bz(0x20f, 27, append(testdata(t, "22.zst"), word...)), "x86 bzImage", testdata(t, "22.zst")},
		{"zboot", image(map[int][]byte{0: []byte("MZ\x00\x00zimg"), 8: le32(64, uint32(len(text))), 64: append(text[:len(text):len(text)], word...)}), "EFI zboot image", text},
		{"boot v0", image(map[int][]byte{0: []byte("ANDROID!"), 8: le32(4), 36: le32(2048), 40: le32(0), 2048: []byte("kernel")}), "Android boot image", []byte("kern")},
		{"boot v1", image(map[int][]byte{0: []byte("ANDROID!"), 8: le32(6), 36: le32(2048), 40: le32(1), 2048: []byte("kernel"), 4096: []byte("ramdisk")}), "Android boot image", []byte("kernel")},
		{"boot v2", image(map[int][]byte{0: []byte("ANDROID!"), 8: le32(6), 36: le32(2048), 40: le32(2), 2048: []byte("kernel"), 4096: []byte("ramdisk")}), "Android boot image", []byte("kernel")},
		{"boot v3", image(map[int][]byte{0: []byte("ANDROID!"), 8: le32(6), 36: le32(2048), 40: le32(3), 2048: []byte("header"), 4096: []byte("kernel ramdisk")}), "Android boot image", []byte("kernel")},
		{"boot v4", image(map[int][]byte{0: []byte("ANDROID!"), 8: le32(6), 36: le32(2048), 40: le32(4), 2048: []byte("header"), 4096: []byte("kernel ramdisk")}), "Android boot image", []byte("kernel")},
		{"uImage", image(map[int][]byte{0: []byte("\x27\x05\x19\x56"), 12: {0, 0, 0, 6}, 64: []byte("kernel")}), "U-Boot uImage", []byte("kernel")},
	} {
		name, content, err := open(tt.file)
		if err != nil || name != tt.want || !bytes.Equal(content, tt.text) {
			t.Errorf("%s: Open = %q, %d bytes, %v; want %q, %d bytes", tt.name, name, len(content), err, tt.want, len(tt.text))
		}
	}
}

func TestOpenErrors(t *testing.T) {
	flip := func(name string, at int) []byte {
		p := testdata(t, name)
		p[at] ^= 0xff
		return p
	}
	for _, tt := range []struct {
		name string
		file []byte
		want string
	}{
		{"empty", nil, ErrNone.Error()},
		{"text", text, ErrNone.Error()},
		{"zstd window", []byte("\x28\xb5\x2f\xfd\x00\x90\x01\x00\x00"), "unpack zstd: window size exceeded"},
		{"zstd and more", append(testdata(t, "zst"), "more"...), "unpack zstd: "},
		{"old bzImage", bz(0x207, 4, text), "unpack x86 bzImage: boot protocol is 2.07: expected 2.08 or later"},
		{"bzImage header", bz(0x20f, 4, text)[:0x240], "unpack x86 bzImage: header of 592 bytes: unexpected EOF"},
		{"bzImage cut", bz(0x20f, 4, text)[:5000], "is not in the file of 5000 bytes: truncated file"},
		{"bzImage of nothing", bz(0x20f, 4, nil), "kernel of 0 bytes"},
		{"boot image", image(map[int][]byte{0: []byte("ANDROID!"), 8: le32(1 << 31), 40: le32(3), 4096: {1}}), "kernel of 2147483648 bytes at offset 4096 is not in the file"},
		{"lzma dictionary", []byte("\x5d\x00\x00\x00\x80\xff\xff\xff\xff\xff\xff\xff\xff\xff"), "dictionary has 2147483648 bytes"},
		{"lz4 version", []byte(lz4Frame + "\x00\x40\x00"), "lz4 data is damaged"},
		{"lz4 dictionary", []byte(lz4Frame + "\x61\x40\x00"), "lz4 data is truncated"},
		{"lz4 second dictionary", join(testdata(t, "linked.lz4"), []byte(lz4Frame+"\x61\x40\x00")), "lz4 data is truncated"},
		{"lz4 second flipped", join(testdata(t, "linked.lz4"), flip("linked.lz4", 8)), "lz4 data is "},
		{"lz4 second truncated", join(testdata(t, "linked.lz4"), testdata(t, "linked.lz4")[:5000]), "lz4 data is truncated"},
		{"lz4 skippable truncated", join(testdata(t, "linked.lz4"), skippable(0)[:19]), "lz4 data is truncated"},
		{"lz4 other frame's match", join(testdata(t, "linked.lz4"), []byte(lz4Frame+"\x40\x40\x82"), le32(9), []byte{0x10, 'a', 2, 0, 0x40, 'a', 'b', 'c', 'd'}), "lz4 data is damaged"},
		{"lz4 legacy and other size", join(testdata(t, "legacy.lz4"), le32(uint32(len(text)+1))), "lz4 data is truncated"},
		{"gzip second truncated", join(testdata(t, "gz"), testdata(t, "gz")[:5]), "unpack gzip: unexpected EOF"},
		{"gzip second flipped", join(testdata(t, "gz"), flip("gz", 500)), "unpack gzip: "},
		{"skippable", skippable(3), ErrNone.Error()},
		{"skippable truncated", skippable(3)[:19], "skippable frame of 20 bytes at offset 0 is not in the file of 19 bytes: truncated file"},
		{"lz4 size", append([]byte(lz4Legacy), le32(1<<30)...), "lz4 data is damaged"},
		{"lz4 match", append([]byte(lz4Legacy), append(le32(4), 0x10, 'a', 9, 0)...), "lz4 data is damaged"},
		{"lz4 length", append([]byte(lz4Legacy), append(le32(2), 0xf0, 0xff)...), "lz4 data is damaged"},
		{"gzip flipped", flip("gz", 500), "unpack gzip: "},
		{"lzop flipped", flip("lzo", 500), "unpack lzop: lzop data is damaged"},
		{"lzop block", image(map[int][]byte{0: testdata(t, "lzo")[:40], 38: bytes.Repeat([]byte{0x7f}, 99)}), "unpack lzop: "},
		{"xz flipped", flip("xz", 100), "unpack xz: "},
		{"zstd flipped", flip("zst", 500), "unpack zstd: "},
		{"bzip2 flipped", flip("bz2", 500), "unpack bzip2: "},
	} {
		if _, _, err := open(tt.file); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q in it", tt.name, err, tt.want)
		}
	}
}

// A file that decodes to more than a kernel costs no more than a kernel does.
func TestReadAll(t *testing.T) {
	// Blocks that are not the last, of 1<<17 zeros each: a byte to repeat.
	large, err := newZstd(strings.NewReader("\x28\xb5\x2f\xfd\x00\x38" + strings.Repeat("\x02\x00\x10\x00", 9)))
	if err != nil {
		t.Fatal(err)
	}
	if p, err := readAll(large, 1<<20); err == nil || err.Error() != "more than 1048576 bytes: expected a kernel" {
		t.Errorf("large: got %v, %v", p, err)
	}
	for n, want := range map[int64]string{3: "", 4: "", 2: "more than 2 bytes: expected a kernel"} {
		in, err := readAll(strings.NewReader("abc"), n)
		var p []byte
		if err == nil {
			p, err = io.ReadAll(in)
		}
		if want == "" && (err != nil || string(p) != "abc") || want != "" && (err == nil || err.Error() != want) {
			t.Errorf("limit of %d: got %q, %v, want %q", n, p, err, want)
		}
	}
}

// Of what is decoded, the beginning is in memory once, and the rest in a file without a
// name.
func TestReadAllMemory(t *testing.T) {
	const size = 64*piece + 5
	t.Setenv("TMPDIR", t.TempDir())
	content := bytes.Repeat(text, size/len(text)+1)[:size]
	clear(content[(maxPieces+4)*piece : (maxPieces+6)*piece]) // a hole
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got, err := readAll(iotest.HalfReader(bytes.NewReader(content)), maxDecoded)
	runtime.ReadMemStats(&after)
	if err != nil {
		t.Fatal(err)
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > (maxPieces+3)*piece {
		t.Errorf("allocated %d bytes for %d", n, size)
	}
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
		t.Errorf("temporary files: %v, %v", left, err)
	}
	defer closer(got).Close()
	for _, r := range [][2]int{{0, size}, {piece - 3, piece + 3}, {piece, 2 * piece}, {5, 3*piece + 1}, {maxPieces*piece - 3, maxPieces*piece + 3}, {(maxPieces + 5) * piece, (maxPieces + 7) * piece}, {size - 6, size}, {size - 1, size + 1}} {
		p := make([]byte, r[1]-r[0])
		n, err := got.ReadAt(p, int64(r[0]))
		if want := content[r[0]:min(r[1], size)]; !bytes.Equal(p[:n], want) || (err == io.EOF) != (r[1] > size) {
			t.Errorf("bytes %d to %d: got %d, %v; want %d, as they were", r[0], r[1], n, err, len(want))
		}
	}
}

// No prefix of a compressed file passes for the whole.
func TestOpenTruncated(t *testing.T) {
	for _, name := range []string{"gz", "bz2", "xz", "zst", "lzo", "linked.lz4", "blocks.lz4", "legacy.lz4"} {
		p := testdata(t, name)
		for n := 1; n < len(p); n += 1 + len(p)/50 {
			_, content, err := open(p[:n])
			// The legacy format has no end: where a block ends, so may a file.
			if err == nil && !(name == "legacy.lz4" && n == 4 && len(content) == 0) {
				t.Errorf("%s: %d of %d bytes: no error", name, n, len(p))
			}
		}
	}
}

func FuzzOpen(f *testing.F) {
	for _, name := range []string{"gz", "bz2", "xz", "zst", "lzma", "lzo", "linked.lz4", "blocks.lz4", "legacy.lz4"} {
		f.Add(testdata(f, name))
	}
	f.Add(bz(0x20f, 4, testdata(f, "gz")))
	f.Add(image(map[int][]byte{0: []byte("ANDROID!"), 8: le32(6), 40: le32(4), 4096: []byte("kernel")}))
	f.Fuzz(func(t *testing.T, p []byte) {
		inner, err := Open(bytes.NewReader(p), int64(len(p)))
		if err != nil {
			if errors.Is(err, io.EOF) {
				t.Errorf("error %v is a bare EOF", err)
			}
			return
		}
		if n, err := io.Copy(io.Discard, io.NewSectionReader(inner, 0, inner.Size)); err != nil || n != inner.Size {
			t.Errorf("Size = %d, read %d, %v", inner.Size, n, err)
		}
	})
}

// Every compression that linux/drivers/firmware/efi/libstub/Makefile.zboot has made, in an
// EFI zboot image of every machine that has them. All have the magic of an EFI kernel,
// which is LoongArch's Image's too.
func TestZboot(t *testing.T) {
	word := le32(uint32(len(text)))
	for machine, number := range map[string]uint16{"arm64": 0xaa64, "loongarch": 0x6264, "riscv": 0x5064, "riscv32": 0x5032} {
		for method, payload := range map[string][]byte{
			"gzip": testdata(t, "gz"), "lz4": testdata(t, "legacy.lz4"), "lzma": testdata(t, "lzma"), "lzo": testdata(t, "lzo"),
			"xzkern": testdata(t, "xz"), "zstd22": testdata(t, "22.zst"),
		} {
			size := len(payload)
			if method != "gzip" {
				payload = join(payload, word)
			}
			p := image(map[int][]byte{
				0: []byte("MZ\x00\x00zimg"), 8: le32(0x1000, uint32(size)), 0x18: []byte(method),
				0x38: []byte("\xcd\x23\x82\x81"), 0x3c: le32(0x40), 0x40: []byte("PE\x00\x00"), 0x44: {byte(number), byte(number >> 8)},
				0x1000: payload, 0x1000 + len(payload): []byte("end"),
			})
			outer, err := Open(bytes.NewReader(p), int64(len(p)))
			if err != nil || outer.Name != "EFI zboot image" {
				t.Errorf("%s, %s: got %q, %v", machine, method, outer.Name, err)
				continue
			}
			inner, err := Open(outer, outer.Size)
			if err != nil {
				t.Errorf("%s, %s: %v", machine, method, err)
				continue
			}
			if got, err := io.ReadAll(io.NewSectionReader(inner, 0, inner.Size)); err != nil || !bytes.Equal(got, text) {
				t.Errorf("%s, %s: got %d bytes, %v, want %d", machine, method, len(got), err, len(text))
			}
		}
	}
}
