// SPDX-License-Identifier: Apache-2.0

package xz

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// Block is one block of a stream (3).
type Block struct {
	// LZMA2 is the compressed data: LZMA2 chunks and the 0x00 that ends them.
	LZMA2 Data
	// Uncompressed is the decoded size in bytes.
	Uncompressed int64
	// CRC32 is the IEEE CRC of the decoded bytes.
	CRC32 uint32
	// DictProp says how large a dictionary decoding needs, 0 to 40; see
	// [DictSize].
	DictProp byte
	// Padding is the size in bytes of header padding beyond what alignment
	// asks for: a multiple of 4, at most [MaxPadding].
	Padding int
}

// headerSize is the size of the Block Header (3.1) in bytes.
func headerSize(compressed, uncompressed int64, padding int) int64 {
	// size, flags, the two sizes, filter (id, length of properties, property),
	// padding, CRC32
	return roundUp4(2+vliSize(compressed)+vliSize(uncompressed)+3) + int64(padding) + 4
}

// MaxPadding returns the largest Padding, in bytes, that the header of a block
// of these sizes has room for.
func MaxPadding(compressed, uncompressed int64) int {
	return int(maxBlockHeader - headerSize(compressed, uncompressed, 0))
}

// unpadded is the block's Unpadded Size (4.3.1).
func (b Block) unpadded() int64 {
	n := b.LZMA2.Size()
	return headerSize(n, b.Uncompressed, b.Padding) + n + checkSize
}

// blockHeader is what a Block Header says; a size that it leaves out is -1.
type blockHeader struct {
	compressed, uncompressed int64
	filter                   byte   // one of filterNames if it comes before LZMA2
	filterStart              uint32 // the address it counts from
	dictProp                 byte
	padding                  int // beyond alignment, in bytes
}

// The filters that may come before LZMA2, and what the address they count from
// is a multiple of.
var (
	filterNames = map[byte]string{filterX86: "x86", filterARM64: "ARM64", filterRISCV: "RISC-V"}
	filterAlign = map[byte]uint32{filterX86: 1, filterARM64: 4, filterRISCV: 2}
)

// parseBlockHeader reads a whole Block Header (3.1), of which the first byte
// gives the length. It takes LZMA2, alone or after a filter for x86, ARM64 or RISC-V.
func parseBlockHeader(h []byte) (blockHeader, error) {
	b := blockHeader{compressed: -1, uncompressed: -1}
	if len(h) < 8 || len(h) != (int(h[0])+1)*4 {
		return b, errors.New("block header is truncated")
	}
	body := h[:len(h)-4]
	if binary.LittleEndian.Uint32(h[len(body):]) != crc32.ChecksumIEEE(body) {
		return b, errors.New("block header is damaged: its CRC32 is wrong")
	}
	flags, rest := body[1], body[2:]
	filters := int(flags&flagFilters) + 1
	if flags&^(flagCompressed|flagUncompressed|flagFilters) != 0 {
		return b, fmt.Errorf("block flags %#02x are not known", flags)
	}
	var err error
	if flags&flagCompressed != 0 {
		if b.compressed, rest, err = cutVLI(rest); err != nil {
			return b, fmt.Errorf("compressed size: %w", err)
		}
	}
	if flags&flagUncompressed != 0 {
		if b.uncompressed, rest, err = cutVLI(rest); err != nil {
			return b, fmt.Errorf("uncompressed size: %w", err)
		}
	}
	if filters == 2 && len(rest) > 1 && filterNames[rest[0]] != "" {
		id, n := rest[0], int(rest[1])
		if n != 0 && n != 4 || len(rest) < 2+n {
			return b, fmt.Errorf("%s filter has %d bytes of properties: expected 0 or 4", filterNames[id], n)
		}
		if b.filter = id; n == 4 {
			b.filterStart = binary.LittleEndian.Uint32(rest[2:])
		}
		if b.filterStart%filterAlign[id] != 0 {
			return b, fmt.Errorf("%s filter starts at %#x: expected a multiple of %d", filterNames[id], b.filterStart, filterAlign[id])
		}
		rest, filters = rest[2+n:], 1
	}
	if filters > 1 || len(rest) < 3 || rest[0] != filterLZMA2 || rest[1] != 1 || rest[2] > maxDictProp {
		return b, errors.New("block header names other filters: expected LZMA2, alone or after x86, ARM64 or RISC-V")
	}
	b.dictProp = rest[2]
	for _, c := range rest[3:] {
		if c != 0 {
			return b, errors.New("block header padding is not zero")
		}
	}
	b.padding = (len(rest) - 3) &^ 3
	return b, nil
}
