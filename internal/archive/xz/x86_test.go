// SPDX-License-Identifier: Apache-2.0

package xz

import (
	"bytes"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"testing/iotest"
)

// opcodes returns n bytes of which most mean something to the filter.
func opcodes(n int, seed uint64) []byte {
	random := rand.New(rand.NewPCG(seed, 0))
	p := make([]byte, n)
	for i := range p {
		switch k := random.IntN(16); {
		case k < 4:
			p[i] = 0xe8 | byte(k&1)
		case k < 12:
			p[i] = []byte{0x00, 0xff, 0x01, 0xfe}[k&3]
		default:
			p[i] = byte(random.IntN(256))
		}
	}
	return p
}

// What xz does with the filter is undone, for real code and for bytes that
// meet every case of it.
func TestX86Filter(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	code, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	code = code[:min(len(code), 256<<10)]
	for _, tc := range []struct {
		name string
		want []byte
		args []string
	}{
		{"code", code, []string{"--x86"}},
		{"code at an address", code, []string{"--x86=start=4293918720"}},
		{"blocks", code, []string{"--x86", "--block-size=50000"}},
		{"opcodes", opcodes(100_000, 1), []string{"--x86"}},
		{"opcodes at an address", opcodes(100_000, 2), []string{"--x86=start=305419896"}},
		{"opcodes at a round address", opcodes(100_000, 3), []string{"--x86=start=16777216"}},
		{"nothing", nil, []string{"--x86"}},
		{"too short", []byte("\xe8\x00\x00\x00"), []string{"--x86"}},
		{"one", []byte("\xe8\x00\x00\x00\x00"), []string{"--x86"}},
	} {
		p := foreign(t, tc.want, append(tc.args, "--lzma2=preset=0", "--check=crc32", "-T1")...)
		if got, err := decode(p); !bytes.Equal(got, tc.want) || err != nil {
			t.Errorf("%s: got %d bytes, %v, want the %d of before", tc.name, len(got), err, len(tc.want))
		}
		if _, err := ParseStream(p); len(tc.want) > 0 && err == nil {
			t.Errorf("%s: ParseStream takes it", tc.name)
		}
	}
	// Where the reads end does not matter.
	want := opcodes(5000, 4)
	r, err := NewReader(bytes.NewReader(foreign(t, want, "--x86", "--lzma2=preset=0", "-T1")))
	if err != nil {
		t.Fatal(err)
	}
	if err := iotest.TestReader(r, want); err != nil {
		t.Error(err)
	}
	encoded := opcodes(5000, 5)
	once, _ := io.ReadAll(newX86Reader(bytes.NewReader(encoded), 7))
	bytewise, _ := io.ReadAll(newX86Reader(iotest.OneByteReader(bytes.NewReader(encoded)), 7))
	if !bytes.Equal(once, bytewise) || len(once) != len(encoded) {
		t.Errorf("a byte at a time: got %d other bytes than %d", len(bytewise), len(once))
	}
}

// Short inputs of every kind, in as few runs of xz as there are blocks in a
// stream: the filter starts again in each.
func TestX86FilterShort(t *testing.T) {
	want := opcodes(16*1000, 6)
	p := foreign(t, want, "--x86", "--lzma2=preset=0", "--block-size=16", "-T1")
	if got, err := decode(p); !bytes.Equal(got, want) || err != nil {
		t.Errorf("got %d bytes, %v, want the %d of before", len(got), err, len(want))
	}
}

func TestX86FilterHeader(t *testing.T) {
	// Block header at 12: size, flags, filter, length of properties, LZMA2 ...
	p := foreign(t, text(100), "--x86", "--lzma2=preset=0", "-T1")
	p[15] = 1
	end := 12 + (int(p[12])+1)*4
	reseal(p, 12, end)
	if _, err := decode(p); err == nil || !strings.Contains(err.Error(), "x86 filter has 1 bytes of properties: expected 0 or 4") {
		t.Errorf("got %v", err)
	}
}

// No input keeps the decoder from its end, and the size stays.
func FuzzX86(f *testing.F) {
	f.Add(opcodes(100, 7), uint32(0))
	f.Add(binary.LittleEndian.AppendUint64(nil, 0xe8e8_00ff_e900_00ff), ^uint32(0))
	f.Fuzz(func(t *testing.T, p []byte, at uint32) {
		got, err := io.ReadAll(newX86Reader(bytes.NewReader(p), at))
		if err != nil || len(got) != len(p) {
			t.Errorf("got %d bytes, %v, want %d", len(got), err, len(p))
		}
	})
}
