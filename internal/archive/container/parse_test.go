// SPDX-License-Identifier: Apache-2.0

package container

import (
	"bytes"
	"crypto/sha256"
	"math"
	"strings"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/internal/archive/xz"
)

func TestMarkerText(t *testing.T) {
	for _, tc := range []struct {
		name string
		m    Marker
		want string
	}{
		{"stamped", Marker{Version: 1, Stamped: true, Capacity: 6291456, Used: 4412344, Release: "6.1.0-56-amd64", Members: 6439, Content: sha256.Sum256(nil)}, `kheaders-reservation 1
state stamped
capacity 6291456
used 4412344
release 6.1.0-56-amd64
members 6439
sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
`},
		{"placeholder", Marker{Version: 1, Capacity: 4096, Used: 3188, Members: 1}, `kheaders-reservation 1
state placeholder
capacity 4096
used 3188
release -
members 1
sha256 0000000000000000000000000000000000000000000000000000000000000000
`},
	} {
		if got := string(tc.m.text()); got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.name, got, tc.want)
		}
		if got, err := parseText([]byte(tc.want)); got != tc.m || err != nil {
			t.Errorf("%s: got %+v, %v, want %+v", tc.name, got, err, tc.m)
		}
	}
	longest := Marker{Version: Version, Stamped: true, Capacity: MaxCapacity, Used: MaxCapacity, Release: strings.Repeat("6", maxRelease), Members: math.MaxInt}
	if n := len(longest.member()); n != markerSize {
		t.Errorf("longest marker: got %d bytes, want %d", n, markerSize)
	}
}

func TestMarkerTextErrors(t *testing.T) {
	good := string(Marker{Version: 1, Stamped: true, Capacity: 8192, Used: 4096, Release: "6.1.0", Members: 7}.text())
	for _, tc := range []struct{ name, old, new, want string }{
		{"version", "reservation 1", "reservation 2", `marker has version "2": expected 1`},
		{"no version", "reservation 1", "reservation", `marker has version "": expected 1`},
		{"leading zero", "8192", "08192", "marker text is malformed"},
		{"sign", "8192", "+8192", "marker text is malformed"},
		{"blank", "capacity ", "capacity  ", "marker text is malformed"},
		{"hexadecimal", "8192", "0x2000", "marker text is malformed"},
		{"too large a number", "8192", "99999999999999999999", "marker text is malformed"},
		{"state", "stamped", "stamp", "marker text is malformed"},
		{"order", "state stamped\ncapacity 8192\n", "capacity 8192\nstate stamped\n", "marker text is malformed"},
		{"line left out", "members 7\n", "", "marker text is malformed"},
		{"line too many", "members 7\n", "members 7\nmembers 7\n", "marker text is malformed"},
		{"line after the last", "0\n", "0\nmore 1\n", "marker text is malformed"},
		{"no newline", "0\n", "0", "marker text is malformed"},
		{"carriage return", "\nused", "\r\nused", "marker text is malformed"},
		{"digest too short", "00\n", "\n", "marker text is malformed"},
		{"digest in capitals", "00\n", "AA\n", "marker text is malformed"},
		{"NUL", "6.1.0", "6.1\x00", "kernel release is"},
		{"no release", "6.1.0", "-", "kernel release is empty"},
		{"capacity odd", "8192", "8190", "capacity is 8190"},
		{"capacity enormous", "8192", "268435460", "capacity is 268435460"},
		{"capacity negative", "8192", "-8", "capacity is -8"},
		{"used above capacity", "4096", "8196", "used is 8196: expected at most the capacity, 8192"},
		{"used negative", "4096", "-4", "used is -4"},
		{"members negative", "members 7", "members -7", "members is -7"},
	} {
		i := strings.LastIndex(good, tc.old)
		text := good[:i] + tc.new + good[i+len(tc.old):]
		if m, err := parseText([]byte(text)); err == nil || !strings.HasPrefix(err.Error(), tc.want) {
			t.Errorf("%s: got %+v, %v, want %q", tc.name, m, err, tc.want)
		}
	}
}

func TestParseErrors(t *testing.T) {
	a := archive(t, 3)
	capacity := a.MinSize() + 2048
	m := a.Marker
	m.Version, m.Capacity, m.Used = Version, capacity, a.MinSize()
	f, err := planFill(a.blocks(m), capacity)
	if err != nil {
		t.Fatal(err)
	}
	good := append(a.blocks(m), f.block())
	if _, err := Parse(xz.AppendStream(nil, good)); err != nil {
		t.Fatal(err)
	}
	marker := func(edit func(m *Marker)) func([]xz.Block) {
		return func(b []xz.Block) {
			m := m
			edit(&m)
			b[0] = xz.Stored(m.member())
		}
	}
	// The size stays what it is, so that nothing but the edit is wrong.
	for _, tc := range []struct {
		name string
		edit func(b []xz.Block)
		want string
	}{
		{"marker with padding", func(b []xz.Block) { b[0].Padding = 4 }, "marker is damaged"},
		{"no marker", func(b []xz.Block) { b[0] = xz.Stored(make([]byte, markerSize)) }, "it does not begin with a marker"},
		{"marker CRC", func(b []xz.Block) { b[0].CRC32++ }, "marker is damaged"},
		{"marker's dictionary", func(b []xz.Block) { b[0].DictProp = 1 }, "marker is damaged"},
		{"marker in two chunks", func(b []xz.Block) {
			p := m.member()
			q := append(xz.AppendStoredHeader(nil, 1000, true), p[:1000]...)
			b[0].LZMA2 = xz.Bytes(append(append(xz.AppendStoredHeader(q, 24, false), p[1000:]...), 0))
		}, "it does not begin with a marker"},
		{"marker's tar header", func(b []xz.Block) {
			p := m.member()
			copy(p[136:], "00000000001\x00")
			b[0] = xz.Stored(p)
		}, "tar header of the marker is malformed"},
		{"text after the marker", func(b []xz.Block) {
			p := m.member()
			p[markerSize-1] = 'k'
			b[0] = xz.Stored(p)
		}, "marker text is malformed"},
		{"capacity", marker(func(m *Marker) { m.Capacity += 4 }), "marker gives a capacity of "},
		{"used", marker(func(m *Marker) { m.Used -= 4 }), "marker gives "},
		{"content not whole", func(b []xz.Block) { b[1] = xz.Stored(make([]byte, 511)) }, "marker gives a capacity of "},
		{"fill not zero", func(b []xz.Block) {
			p := make([]byte, f.zeros)
			p[f.zeros-1] = 1
			b[2] = xz.Stored(p)
			b[2].Padding = f.padding
		}, "fill is not the one"},
		{"fill's CRC", func(b []xz.Block) { b[2].CRC32++ }, "fill is not the one"},
		{"fill's dictionary", func(b []xz.Block) { b[2].DictProp = 1 }, "fill is not the one"},
		{"less fill, more padding", func(b []xz.Block) {
			less := fill{zeros: f.zeros - 512, padding: f.padding + 512}
			b[2] = less.block()
		}, "fill is not the one"},
	} {
		blocks := append([]xz.Block{}, good...)
		tc.edit(blocks)
		_, err := Parse(xz.AppendStream(nil, blocks))
		if err == nil || !strings.HasPrefix(err.Error(), "parse archive: "+tc.want) {
			t.Errorf("%s: got %v, want %q", tc.name, err, tc.want)
		}
		p := xz.AppendStream(nil, blocks)
		if _, peeked := Peek(xz.Bytes(p), int64(len(p))); peeked == nil || peeked.Error() != err.Error() {
			t.Errorf("%s: Peek: got %v, want %v", tc.name, peeked, err)
		}
	}
	// What Peek leaves out.
	p := xz.AppendStream(nil, good)
	p[bytes.LastIndex(p, make([]byte, 600))] = 1
	if _, err := Peek(xz.Bytes(p), int64(len(p))); err != nil {
		t.Errorf("Peek of a fill that is damaged: %v", err)
	}
	if _, err := Parse(p); err == nil || err.Error() != "parse archive: "+errFill.Error() {
		t.Errorf("Parse of a fill that is damaged: got %v, want %v", err, errFill)
	}
	for _, tc := range []struct {
		name string
		in   []byte
		want string
	}{
		{"empty", nil, "parse archive: parse xz stream: 0 bytes are too few"},
		{"text", []byte(strings.Repeat("kheaders-reservation 1\n", 8)), "parse archive: parse xz stream: not an xz stream"},
		{"no block", xz.AppendStream(nil, nil), "parse archive: it does not begin with a marker"},
		{"marker alone", xz.AppendStream(nil, good[:1]), "parse archive: it does not begin with a marker"},
		{"another's archive", xz.AppendStream(nil, []xz.Block{xz.Stored(members(t, 3)), f.block()}), "parse archive: it does not begin with a marker"},
	} {
		if _, err := Parse(tc.in); err == nil || !strings.HasPrefix(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want %q", tc.name, err, tc.want)
		}
	}
}

// There is no byte in an archive that could be another: Parse or Verify sees
// it.
func TestEveryByteCounts(t *testing.T) {
	a := archive(t, 3, 1024)
	good, err := a.Bytes(a.MinSize() + 400)
	if err != nil {
		t.Fatal(err)
	}
	for i := range good {
		for _, bit := range []byte{0x01, 0x20, 0x80} {
			p := bytes.Clone(good)
			p[i] ^= bit
			b, err := Parse(p)
			if err == nil {
				err = b.Verify()
			}
			if err == nil {
				t.Errorf("byte %d of %d with bits %#02x flipped: no error", i, len(p), bit)
			}
		}
	}
}
