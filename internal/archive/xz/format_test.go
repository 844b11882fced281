// SPDX-License-Identifier: Apache-2.0

package xz

import (
	"bytes"
	"testing"
)

func TestVLI(t *testing.T) {
	for _, tc := range []struct {
		n    int64
		want string
	}{
		{0, "\x00"},
		{1, "\x01"},
		{0x7f, "\x7f"},
		{0x80, "\x80\x01"},
		{0x3fff, "\xff\x7f"},
		{0x4000, "\x80\x80\x01"},
		{1<<63 - 1, "\xff\xff\xff\xff\xff\xff\xff\xff\x7f"},
	} {
		got := appendVLI(nil, tc.n)
		if string(got) != tc.want || vliSize(tc.n) != int64(len(got)) {
			t.Errorf("appendVLI(%d): got %x of size %d, want %x", tc.n, got, vliSize(tc.n), tc.want)
		}
		n, rest, err := cutVLI(append(got, "rest"...))
		if n != tc.n || string(rest) != "rest" || err != nil {
			t.Errorf("cutVLI(%x): got %d, %q, %v, want %d, rest", got, n, rest, err, tc.n)
		}
	}
	for _, tc := range []struct{ in, want string }{
		{"", "integer does not end"},
		{"\x80", "integer does not end"},
		{"\x80\x00", "integer is longer than it need be"},
		{"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "integer does not end"},
	} {
		if n, _, err := cutVLI([]byte(tc.in)); err == nil || err.Error() != tc.want {
			t.Errorf("cutVLI(%x): got %d, %v, want %q", tc.in, n, err, tc.want)
		}
	}
}

func TestDict(t *testing.T) {
	for _, tc := range []struct {
		prop byte
		size int64
	}{
		{0, 4 << 10}, {1, 6 << 10}, {2, 8 << 10}, {16, 1 << 20},
		{22, 8 << 20}, {23, 12 << 20}, {28, 64 << 20}, {39, 3 << 30}, {40, 1<<32 - 1},
	} {
		if got := DictSize(tc.prop); got != tc.size {
			t.Errorf("DictSize(%d): got %d, want %d", tc.prop, got, tc.size)
		}
		if got := DictProp(tc.size); got != tc.prop {
			t.Errorf("DictProp(%d): got %d, want %d", tc.size, got, tc.prop)
		}
		if got := DictProp(tc.size - 1); got != tc.prop {
			t.Errorf("DictProp(%d): got %d, want %d", tc.size-1, got, tc.prop)
		}
	}
}

func TestStored(t *testing.T) {
	for _, n := range []int{0, 1, 512, MaxStored - 1, MaxStored, MaxStored + 1, 3 * MaxStored} {
		b := Stored(bytes.Repeat([]byte("k"), n))
		if got, want := b.LZMA2.Size(), StoredSize(int64(n)); got != want {
			t.Errorf("Stored(%d bytes): got %d bytes, want %d", n, got, want)
		}
		if got, err := DecodedSize(raw(&b)); got != int64(n) || err != nil {
			t.Errorf("DecodedSize of %d stored bytes: got %d, %v", n, got, err)
		}
	}
}

func TestDecodedSizeErrors(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"empty", "", "LZMA2 data has no end marker"},
		{"no end", "\x01\x00\x00k", "LZMA2 data has no end marker"},
		{"early end", "\x01\x00\x00k\x00\x00", "LZMA2 data ends 1 bytes early"},
		{"unknown control", "\x01\x00\x00k\x03", "LZMA2 control byte 0x03 is not known"},
		{"no dictionary reset", "\x02\x00\x00k\x00", "LZMA2 data does not begin with a dictionary reset"},
		{"no properties", "\x01\x00\x00k\xa0\x00\x00\x00\x00k\x00", "LZMA2 chunk comes before its properties"},
		{"stored header cut", "\x01\x00", "LZMA2 chunk header is truncated"},
		{"stored chunk cut", "\x01\x00\x01k", "LZMA2 chunk of 5 bytes is truncated to 4"},
		{"LZMA header cut", "\xe0\x00\x00\x00\x00", "LZMA2 chunk header is truncated"},
		{"LZMA chunk cut", "\xe0\x00\x00\x00\x00\x5d", "LZMA2 chunk of 7 bytes is truncated to 6"},
	} {
		if got, err := DecodedSize([]byte(tc.in)); err == nil || err.Error() != tc.want {
			t.Errorf("%s: got %d, %v, want %q", tc.name, got, err, tc.want)
		}
	}
}
