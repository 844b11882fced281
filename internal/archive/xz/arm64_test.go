// SPDX-License-Identifier: Apache-2.0

package xz

import (
	"bytes"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"
)

// instructions returns n bytes of which most are BL and ADRP of all distances.
func instructions(n int, seed uint64) []byte {
	random := rand.New(rand.NewPCG(seed, 0))
	p := make([]byte, 0, n+4)
	for len(p) < n {
		word := random.Uint32()
		switch random.IntN(4) {
		case 0:
			word = 0x94000000 | word>>6
		case 1:
			word = 0x90000000 | word&0x6000001f | word>>8&0x00ffffe0
		case 2: // a near page
			word = 0x90000000 | word&0x6000001f | word>>16&0x1fff<<5 | -(word&1)&0x00e00000
		}
		p = binary.LittleEndian.AppendUint32(p, word)
	}
	return p[:n]
}

// What xz does with the filter is undone.
func TestARM64Filter(t *testing.T) {
	for _, tc := range []struct {
		name string
		want []byte
		args []string
	}{
		{"code", instructions(100_000, 1), []string{"--arm64"}},
		{"code at an address", instructions(100_000, 2), []string{"--arm64=start=4293918720"}},
		{"blocks", instructions(100_000, 3), []string{"--arm64", "--block-size=50001"}},
		{"a part of an instruction", instructions(50_003, 4), []string{"--arm64"}},
		{"nothing", nil, []string{"--arm64"}},
		{"too short", []byte("\x00\x00\x94"), []string{"--arm64"}},
	} {
		p := foreign(t, tc.want, append(tc.args, "--lzma2=preset=0", "--check=crc32", "-T1")...)
		if got, err := decode(p); !bytes.Equal(got, tc.want) || err != nil {
			t.Errorf("%s: got %d bytes, %v, want the %d of before", tc.name, len(got), err, len(tc.want))
		}
		if _, err := ParseStream(p); len(tc.want) > 0 && err == nil {
			t.Errorf("%s: ParseStream accepts it", tc.name)
		}
	}
	encoded := instructions(5002, 5)
	once, err := io.ReadAll(&filterReader{in: bytes.NewReader(encoded), at: 8, undo: undoARM64})
	if err != nil || len(once) != len(encoded) {
		t.Errorf("got %d bytes, %v, want %d", len(once), err, len(encoded))
	}
	// Where the reads end does not matter.
	if err := iotest.TestReader(&filterReader{in: iotest.OneByteReader(bytes.NewReader(encoded)), at: 8, undo: undoARM64}, once); err != nil {
		t.Error(err)
	}
}
