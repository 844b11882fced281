// SPDX-License-Identifier: Apache-2.0

package xz

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"testing"
	"testing/iotest"
)

// riscvInstructions returns n bytes of which most are JAL and AUIPC, alone, in
// pairs, and such as the filter stores the other way round.
func riscvInstructions(n int) []byte {
	random := rand.New(rand.NewPCG(1, 2))
	var p []byte
	for len(p) < n {
		word, register := random.Uint32(), 1+random.Uint32()%8
		switch random.IntN(6) {
		case 0: // JAL of each register
			p = binary.LittleEndian.AppendUint32(p, word&0xfffff000|register<<7|0x6f)
		case 1: // AUIPC alone
			p = binary.LittleEndian.AppendUint32(p, word&0xfffff000|register<<7|auipc)
		case 2: // AUIPC and ADDI
			p = binary.LittleEndian.AppendUint32(p, word&0x00fff000|register<<7|auipc)
			p = binary.LittleEndian.AppendUint32(p, word<<20|register<<15|register<<7|0x13)
		case 3: // AUIPC of x2, and what may be an address
			p = binary.LittleEndian.AppendUint32(p, register<<27|word&0x07ffc000|3<<12|registerSP<<7|auipc)
			p = binary.LittleEndian.AppendUint32(p, random.Uint32())
		case 4: // a compressed instruction
			p = binary.LittleEndian.AppendUint16(p, uint16(word)&^3|1)
		default:
			p = binary.LittleEndian.AppendUint32(p, word)
		}
	}
	return p[:n]
}

// testdata/riscv.xz is what xz 5.8 made of riscvInstructions(5001):
//
//	xz --format=xz --check=crc32 --riscv=start=4096 --lzma2=preset=0
//
// Older versions, which a machine of tests may have, have no such filter.
func TestRISCVFilter(t *testing.T) {
	want := riscvInstructions(5001)
	p, err := os.ReadFile("testdata/riscv.xz")
	if err != nil {
		t.Fatal(err)
	}
	got, err := decode(p)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("got %d bytes, %v, want the %d of before", len(got), err, len(want))
	}
	if _, err := ParseStream(p); err == nil {
		t.Error("ParseStream accepts it")
	}
	// Where the reads end does not matter.
	once := bytes.Clone(want)
	undoRISCV(once, 4096)
	in := iotest.OneByteReader(bytes.NewReader(want))
	if err := iotest.TestReader(&filterReader{in: in, at: 4096, undo: undoRISCV}, once); err != nil {
		t.Error(err)
	}
}
