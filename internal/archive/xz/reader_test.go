// SPDX-License-Identifier: Apache-2.0

package xz

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/rules-kheaders/rules_kheaders/internal/archive/xz/xztest"
)

func decode(p []byte) ([]byte, error) {
	r, err := NewReader(bytes.NewReader(p))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// foreign has p compressed by xz-utils.
func foreign(t testing.TB, p []byte, args ...string) []byte {
	t.Helper()
	file := xztest.Files(t, p)[0]
	if err := os.Rename(file, file+".in"); err != nil {
		t.Fatal(err)
	}
	return xztest.Run(t, "xz-utils", "xz", append(args, "--stdout", file+".in")...)
}

func TestNewReaderForeign(t *testing.T) {
	want := text(300_000)
	for _, tc := range []struct {
		name string
		args []string
	}{
		{"default", nil},
		{"no check", []string{"--check=none"}},
		{"CRC32", []string{"--check=crc32"}},
		{"SHA-256", []string{"--check=sha256"}},
		{"blocks with sizes", []string{"--threads=2", "--block-size=65536"}},
		{"blocks without sizes", []string{"--threads=1", "--block-size=100000"}},
		{"other properties", []string{"--lzma2=preset=1,lc=1,lp=3,pb=4"}},
	} {
		p := foreign(t, want, append([]string{"-1"}, tc.args...)...)
		if got, err := decode(p); !bytes.Equal(got, want) || err != nil {
			t.Errorf("%s: got %d bytes, %v, want %d", tc.name, len(got), err, len(want))
		}
		r, err := NewReader(iotest.OneByteReader(bytes.NewReader(p)))
		if err != nil {
			t.Fatalf("%s: %v", tc.name, err)
		}
		if err := iotest.TestReader(r, want); err != nil {
			t.Errorf("%s, a byte at a time: %v", tc.name, err)
		}
	}
	one := foreign(t, want[:1000], "-1")
	file := bytes.Join([][]byte{one, make([]byte, 8), one, AppendStream(nil, nil), make([]byte, 4)}, nil)
	if got, err := decode(file); len(got) != 2000 || err != nil {
		t.Errorf("several streams and padding: got %d bytes, %v, want 2000", len(got), err)
	}
}

func TestNewReaderErrors(t *testing.T) {
	// Of one thread: of several (the default since 5.6) the block header has sizes.
	p := foreign(t, text(300_000), "-1", "-T1")
	damaged := func(at int) []byte {
		q := bytes.Clone(p)
		q[(at+len(q))%len(q)] ^= 1
		return q
	}
	// xz writes a block header of 12 bytes at 12: size, flags, filter,
	// length, property, padding, CRC32.
	huge := bytes.Clone(p)
	huge[16] = 40
	reseal(huge, 12, 24)
	unknown := bytes.Clone(p)
	unknown[7] = 2
	reseal(unknown, 6, 12)

	for _, tc := range []struct {
		name string
		in   []byte
		want string
	}{
		{"empty", nil, `read xz file: it begins with "": expected "\xfd7zXZ\x00"`},
		{"gzip", []byte("\x1f\x8b\x08\x00\x00\x00\x00\x00"), `read xz file: it begins with "\x1f\x8b\b\x00\x00\x00": expected`},
		{"cut in the header", p[:10], "read xz file: file is truncated"},
		{"unknown check", unknown, "read xz file: check 2 is not known"},
		{"other filter", foreign(t, text(1000), "--arm", "--lzma2", "-T1"), "read xz file: block header names other filters: expected LZMA2, alone or after x86"},
		{"three filters", foreign(t, text(1000), "--delta", "--x86", "--lzma2", "-T1"), "read xz file: block header names other filters"},
		{"dictionary", huge, "read xz file: dictionary has 4294967295 bytes, expected at most 134217728; give --memory-limit"},
		{"cut in a block", p[:1000], "read xz file: file is truncated"},
		{"cut in the index", p[:len(p)-14], "read xz file: file is truncated"},
		{"damaged data", damaged(1000), "read xz file: "},
		{"damaged check", damaged(-12 - 12 - 1), "read xz file: block is damaged: its check is wrong"},
		{"damaged index", damaged(-14), "read xz file: index does not describe the blocks"},
		{"damaged footer", damaged(-6), "read xz file: stream footer is damaged"},
		{"something after it", append(p[:len(p):len(p)], "text"...), "read xz file: file is truncated"},
		{"another file after it", append(p[:len(p):len(p)], "some more text"...), "read xz file: not an xz stream"},
		{"odd padding", append(p[:len(p):len(p)], 0, 0, 0), "read xz file: file is truncated"},
	} {
		if _, err := decode(tc.in); err == nil || !strings.HasPrefix(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want %q", tc.name, err, tc.want)
		}
	}
}

// A size in a header is a limit, here as in Open.
func TestNewReaderDeclaredSizes(t *testing.T) {
	for _, declared := range []int64{999, 1001} {
		b := Stored(text(1000))
		b.Uncompressed = declared
		if got, err := decode(AppendStream(nil, []Block{b})); err == nil || int64(len(got)) > declared {
			t.Errorf("%d bytes declared as %d: got %d bytes, %v", 1000, declared, len(got), err)
		}
	}
}
