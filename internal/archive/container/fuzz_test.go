// SPDX-License-Identifier: Apache-2.0

package container

import (
	"bytes"
	"hash/crc32"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/internal/archive/xz"
)

func FuzzParse(f *testing.F) {
	f.Add(placeholder(f, 3188))
	p, err := archive(f, 2).Bytes(4000)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(p)
	f.Fuzz(func(t *testing.T, p []byte) {
		a, err := Parse(p)
		if err != nil {
			return
		}
		if again, err := a.Bytes(int64(len(p))); err != nil || !bytes.Equal(again, p) {
			t.Errorf("an archive that parses is written differently: %v", err)
		}
		// An error or none: the content is whatever the fuzzer made of it.
		a.Verify()
	})
}

// The CRCs of the container keep a fuzzer out of what is in the blocks: here it
// gets at it directly.
func FuzzParseBlocks(f *testing.F) {
	a := Archive{Marker: Marker{Version: Version, Capacity: 4096}, Content: []xz.Block{xz.Stored(make([]byte, 512))}}
	a.Marker.Used = a.MinSize()
	plan, err := planFill(a.blocks(a.Marker), 4096)
	if err != nil {
		f.Fatal(err)
	}
	last := plan.block()
	data := make([]byte, last.LZMA2.Size())
	if err := xz.ReadFull(last.LZMA2, data, 0); err != nil {
		f.Fatal(err)
	}
	f.Add(a.Marker.member(), make([]byte, 512), data, uint16(last.Uncompressed), uint8(last.Padding/4))
	f.Fuzz(func(t *testing.T, first, content, fill []byte, zeros uint16, padding uint8) {
		last := xz.Block{
			LZMA2:        xz.Bytes(fill),
			Uncompressed: int64(zeros),
			CRC32:        crc32.ChecksumIEEE(make([]byte, zeros)),
			Padding:      min(int(padding)*4, xz.MaxPadding(int64(len(fill)), int64(zeros))),
		}
		p := xz.AppendStream(nil, []xz.Block{xz.Stored(first), xz.Stored(content), last})
		a, err := Parse(p)
		if err != nil {
			return
		}
		if again, err := a.Bytes(int64(len(p))); err != nil || !bytes.Equal(again, p) {
			t.Errorf("an archive that parses is written differently: %v", err)
		}
	})
}

func FuzzParseText(f *testing.F) {
	f.Add(Marker{Version: 1, Capacity: 4096, Used: 3188, Members: 1}.text())
	f.Add(Marker{Version: 1, Stamped: true, Capacity: 1 << 20, Used: 4096, Release: "6.1.0", Members: 7}.text())
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := parseText(text)
		if err != nil {
			return
		}
		if !bytes.Equal(m.text(), text) {
			t.Errorf("got %q, want %q", m.text(), text)
		}
		if n := len(m.member()); n > markerSize {
			t.Errorf("marker of %d bytes", n)
		}
	})
}

// What is around an archive does not hide it.
func FuzzFind(f *testing.F) {
	ph := placeholder(f, 3188)
	f.Add([]byte("before"), []byte("after"))
	f.Add(ph[:100], ph[50:])
	f.Add(ph, markerPrefix())
	f.Fuzz(func(t *testing.T, before, after []byte) {
		p := bytes.Join([][]byte{before, ph, after}, nil)
		regions, err := Find(bytes.NewReader(p), int64(len(p)))
		if err != nil {
			t.Fatal(err)
		}
		end, seen := int64(0), false
		for _, r := range regions {
			if r.Offset < end {
				t.Errorf("region %v begins before %d", r, end)
			}
			end = r.Offset + r.Size
			if _, err := Parse(p[r.Offset:end]); err != nil {
				t.Errorf("region %v: %v", r, err)
			}
			seen = seen || r == Region{int64(len(before)), int64(len(ph))}
		}
		if !seen {
			t.Errorf("got %v, want one at %d", regions, len(before))
		}
	})
}
