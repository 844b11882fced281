// SPDX-License-Identifier: Apache-2.0

package xz

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	upstream "github.com/ulikunitz/xz"
	"github.com/ulikunitz/xz/lzma"

	"github.com/rules-kheaders/rules_kheaders/internal/archive/xz/xztest"
)

// text returns n bytes that compress and do not repeat.
func text(n int) []byte {
	random := rand.New(rand.NewPCG(1, 2))
	var p []byte
	for len(p) < n {
		p = fmt.Appendf(p, "#define CONFIG_%X %d\n", random.Uint32(), random.IntN(100))
	}
	return p[:n]
}

// compressed returns p in LZMA chunks.
func compressed(t testing.TB, p []byte) Block {
	t.Helper()
	var out bytes.Buffer
	w, err := lzma.Writer2Config{DictCap: 1 << 20}.NewWriter2(&out)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(p); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return Block{
		LZMA2:        Bytes(out.Bytes()),
		Uncompressed: int64(len(p)),
		CRC32:        crc32.ChecksumIEEE(p),
		DictProp:     DictProp(1 << 20),
	}
}

// raw is the data of a block in memory.
func raw(b *Block) Bytes { return b.LZMA2.(Bytes) }

func padded(b Block, n int) Block {
	b.Padding = n
	return b
}

// streams are blocks of every kind, and what they decode to.
func streams(t testing.TB) map[string]struct {
	blocks []Block
	want   []byte
} {
	long, short := text(300_000), text(100)
	stored, lzma2 := Stored(long), compressed(t, long)
	return map[string]struct {
		blocks []Block
		want   []byte
	}{
		"no block":    {nil, nil},
		"empty block": {[]Block{Stored(nil)}, nil},
		"stored":      {[]Block{Stored(short)}, short},
		"many chunks": {[]Block{stored}, long},
		"compressed":  {[]Block{lzma2}, long},
		"padded":      {[]Block{padded(Stored(short), 4), padded(Stored(short), MaxPadding(104, 100))}, append(short[:100:100], short...)},
		"mixed":       {[]Block{Stored(short), lzma2, stored, padded(Stored(nil), 8)}, bytes.Join([][]byte{short, long, long}, nil)},
	}
}

func TestStream(t *testing.T) {
	for name, tc := range streams(t) {
		t.Run(name, func(t *testing.T) {
			p := AppendStream([]byte("before"), tc.blocks)[len("before"):]
			if got, want := int64(len(p)), StreamSize(tc.blocks); got != want {
				t.Errorf("StreamSize: got %d, want %d", want, got)
			}
			blocks, err := ParseStream(p)
			if err != nil {
				t.Fatal(err)
			}
			if len(blocks) != len(tc.blocks) || len(blocks) > 0 && !reflect.DeepEqual(blocks, tc.blocks) {
				t.Errorf("ParseStream: got other blocks than were written")
			}
			var got []byte
			for i, b := range blocks {
				decoded, err := io.ReadAll(b.Open())
				if err != nil {
					t.Errorf("block %d: %v", i, err)
				}
				got = append(got, decoded...)
			}
			if !bytes.Equal(got, tc.want) {
				t.Errorf("Open: got %d other bytes than %d", len(got), len(tc.want))
			}
			r, err := NewReader(bytes.NewReader(p))
			if err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(r); !bytes.Equal(got, tc.want) || err != nil {
				t.Errorf("NewReader: got %d bytes, %v, want %d", len(got), err, len(tc.want))
			}
			if n := len(tc.blocks); n > 0 {
				last := tc.blocks[n-1]
				got := StreamSizeWith(tc.blocks[:n-1], last.LZMA2.Size(), last.Uncompressed, last.Padding)
				if got != int64(len(p)) {
					t.Errorf("StreamSizeWith: got %d, want %d", got, len(p))
				}
			}
		})
	}
}

// Other people's decoders have the last word on what an .xz file is.
func TestStreamElsewhere(t *testing.T) {
	var files [][]byte
	var want strings.Builder
	for name, tc := range streams(t) {
		p := AppendStream(nil, tc.blocks)
		files = append(files, p)
		fmt.Fprintf(&want, "%x\n", sha256.Sum256(tc.want))
		r, err := upstream.NewReader(bytes.NewReader(p))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got, err := io.ReadAll(r); !bytes.Equal(got, tc.want) || err != nil {
			t.Errorf("%s: got %d bytes, %v, want %d", name, len(got), err, len(tc.want))
		}
	}
	if got := string(xztest.Accepted(t, xztest.Files(t, files...)...)); got != want.String() {
		t.Errorf("decoded by Python: got\n%swant\n%s", got, want.String())
	}
}

// reseal makes the CRC32 before end, of the bytes from start, right again.
func reseal(p []byte, start, end int) {
	binary.LittleEndian.PutUint32(p[end-4:], crc32.ChecksumIEEE(p[start:end-4]))
}

// noIndex is a stream whose footer leaves its Index no more than the CRC32, and
// that is right.
func noIndex() []byte {
	p := append(AppendStream(nil, nil)[:streamHeaderSize], make([]byte, 8)...)
	end := []byte{0, 0, 0, 0, 0, checkCRC32}
	return append(append(appendCRC32(p, end), end...), footerMagic...)
}

func TestParseStreamErrors(t *testing.T) {
	// A stream of one stored block: header at 0, block header of 12 bytes at
	// 12, data of 7 bytes at 24, padding at 31, check at 32, index of 8 bytes
	// at 36, footer at 44.
	base := AppendStream(nil, []Block{Stored([]byte("abc"))})
	if len(base) != 56 {
		t.Fatalf("the stream is %d bytes: the offsets below are of 56", len(base))
	}
	for _, tc := range []struct {
		name string
		edit func(p []byte) []byte
		want string
	}{
		{"empty", func(p []byte) []byte { return nil }, "0 bytes are too few"},
		{"odd size", func(p []byte) []byte { return append(p, 0) }, "stream does not end with"},
		{"gzip", func(p []byte) []byte { copy(p, "\x1f\x8b"); return p }, "not an xz stream"},
		{"stream padding", func(p []byte) []byte { return append(p, 0, 0, 0, 0) }, `does not end with "YZ"`},
		{"header CRC", func(p []byte) []byte { p[8]++; return p }, "stream header is damaged"},
		{"header flags", func(p []byte) []byte { p[6] = 1; reseal(p, 6, 12); return p }, "stream flags 0x01 0x01 are not known"},
		{"no check", func(p []byte) []byte { p[7] = 0; reseal(p, 6, 12); return p }, "check is 0: expected 1, CRC32"},
		{"footer CRC", func(p []byte) []byte { p[44]++; return p }, "stream footer is damaged"},
		{"footer check", func(p []byte) []byte {
			p[53] = 4
			binary.LittleEndian.PutUint32(p[44:], crc32.ChecksumIEEE(p[48:54]))
			return p
		}, "disagree about the check"},
		{"backward size", func(p []byte) []byte {
			p[48]++
			binary.LittleEndian.PutUint32(p[44:], crc32.ChecksumIEEE(p[48:54]))
			return p
		}, "index: CRC32 is wrong"},
		{"backward size beyond the start", func(p []byte) []byte {
			p[51] = 0xff
			binary.LittleEndian.PutUint32(p[44:], crc32.ChecksumIEEE(p[48:54]))
			return p
		}, "larger than the stream"},
		{"no room for an index", func(p []byte) []byte { return noIndex() }, "stream footer gives the index 4 bytes: the smallest has 8"},
		{"index CRC", func(p []byte) []byte { p[40]++; return p }, "index: CRC32 is wrong"},
		{"index indicator", func(p []byte) []byte { p[36] = 1; reseal(p, 36, 44); return p }, "index: begins with 0x01"},
		{"index count", func(p []byte) []byte { p[37] = 2; reseal(p, 36, 44); return p }, "2 records do not fit"},
		{"index block size", func(p []byte) []byte { p[38] = 127; reseal(p, 36, 44); return p }, "block 0 of 127 bytes does not fit"},
		{"index blocks too small", func(p []byte) []byte { p[38] = 20; reseal(p, 36, 44); return p }, "its blocks take 20 bytes, the stream has 24"},
		{"index decoded size", func(p []byte) []byte { p[39] = 4; reseal(p, 36, 44); return p }, "decoded size is 3 in the header and 4 in the index"},
		{"index compressed size", func(p []byte) []byte { p[38]++; reseal(p, 36, 44); return p }, "compressed size is 7 in the header and 8 in the index"},
		{"block header size", func(p []byte) []byte { p[12] = 0xff; return p }, "header of 1024 bytes does not fit"},
		{"block header absent", func(p []byte) []byte { p[12] = 0; return p }, "header of 4 bytes does not fit"},
		{"block header CRC", func(p []byte) []byte { p[20]++; return p }, "block header is damaged"},
		{"block flags", func(p []byte) []byte { p[13] = 0xc4; reseal(p, 12, 24); return p }, "block flags 0xc4 are not known"},
		{"two filters", func(p []byte) []byte { p[13] = 0xc1; reseal(p, 12, 24); return p }, "expected LZMA2, alone or after x86"},
		{"filter", func(p []byte) []byte { p[16] = 4; reseal(p, 12, 24); return p }, "expected LZMA2, alone or after x86"},
		{"dictionary", func(p []byte) []byte { p[18] = 41; reseal(p, 12, 24); return p }, "expected LZMA2, alone or after x86"},
		{"dictionary above the limit", func(p []byte) []byte { p[18] = 31; reseal(p, 12, 24); return p }, "dictionary is 201326592 bytes: the limit is 134217728"},
		{"header padding", func(p []byte) []byte { p[19] = 1; reseal(p, 12, 24); return p }, "block header padding is not zero"},
		{"no size", func(p []byte) []byte {
			copy(p[13:], "\x40\x07\x21\x01\x00\x00\x00")
			reseal(p, 12, 24)
			return p
		}, "header does not give both sizes"},
		{"chunk size", func(p []byte) []byte { p[26] = 3; return p }, "LZMA2 data has no end marker"},
		{"block padding", func(p []byte) []byte { p[31] = 1; return p }, "padding after the compressed data is not zero"},
		{"decoded size a lie twice", func(p []byte) []byte {
			p[15], p[39] = 100, 100
			reseal(p, 12, 24)
			reseal(p, 36, 44)
			return p
		}, "decoded size is 100 in the header and 3 in the LZMA2 chunks"},
	} {
		if _, err := ParseStream(tc.edit(bytes.Clone(base))); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want %q", tc.name, err, tc.want)
		}
	}
}

func TestParseStreamLimit(t *testing.T) {
	// Only the index is looked at: the blocks need not be there to be refused.
	records := []record{{24, MaxUncompressed}, {24, 1}}
	index := appendIndex(nil, records)
	p := AppendStream(nil, nil)[:streamHeaderSize]
	p = append(append(p, make([]byte, 48)...), index...)
	end := binary.LittleEndian.AppendUint32(nil, uint32(len(index)/4-1))
	end = append(end, 0, checkCRC32)
	p = append(append(appendCRC32(p, end), end...), footerMagic...)
	want := "parse xz stream: index: the decoded size is above the limit of 1073741824 bytes"
	if _, err := ParseStream(p); err == nil || err.Error() != want {
		t.Errorf("got %v, want %q", err, want)
	}
}

// Whatever byte is changed, something notices: the parser, or the decoder's
// check of what the parser leaves alone.
func TestEveryByteCounts(t *testing.T) {
	base := AppendStream(nil, []Block{Stored(text(50)), padded(compressed(t, text(2000)), 4)})
	for i := range base {
		for _, bit := range []byte{0x01, 0x80} {
			p := bytes.Clone(base)
			p[i] ^= bit
			blocks, err := ParseStream(p)
			for _, b := range blocks {
				_, failed := io.Copy(io.Discard, b.Open())
				err = errors.Join(err, failed)
			}
			if err == nil {
				t.Errorf("byte %d of %d with bits %#02x flipped: no error", i, len(p), bit)
			}
		}
	}
	for n := range base {
		if _, err := ParseStream(base[:n]); err == nil {
			t.Errorf("cut to %d of %d bytes: no error", n, len(base))
		}
	}
}

func TestOpenErrors(t *testing.T) {
	p := text(5000)
	good := compressed(t, p)
	for _, tc := range []struct {
		name string
		edit func(b *Block)
		want string
	}{
		{"CRC32", func(b *Block) { b.CRC32 = 1 }, "decode xz block: CRC32 is "},
		{"too much", func(b *Block) { b.Uncompressed = 4999 }, "decode xz block: more than the 4999 bytes declared"},
		{"too little", func(b *Block) { b.Uncompressed = 5001 }, "decode xz block: 5000 bytes decoded, 5001 declared"},
		{"early end", func(b *Block) { b.LZMA2 = append(raw(b)[:len(raw(b)):len(raw(b))], 0) }, "decode xz block: the data ends 1 bytes early"},
		{"no end", func(b *Block) { b.LZMA2 = raw(b)[:len(raw(b))-1] }, "decode xz block: "},
		{"nothing", func(b *Block) { b.LZMA2 = Bytes(nil) }, "decode xz block: "},
	} {
		b := good
		tc.edit(&b)
		n, err := io.Copy(io.Discard, b.Open())
		if err == nil || !strings.HasPrefix(err.Error(), tc.want) || n > b.Uncompressed {
			t.Errorf("%s: got %d bytes, %v, want %q", tc.name, n, err, tc.want)
		}
	}
}

func TestAppendStreamPadding(t *testing.T) {
	for _, n := range []int{-4, 2, 1024} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("padding of %d: got a stream, want a panic", n)
				}
			}()
			AppendStream(nil, []Block{padded(Stored(nil), n)})
		}()
	}
}
