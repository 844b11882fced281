// SPDX-License-Identifier: Apache-2.0

package xz

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// Limits of what this package takes in. They are far above any archive of
// kernel headers (30 to 60 MiB decoded) and keep a forged file from costing
// more than a refusal.
const (
	// MaxUncompressed is the largest decoded size, in bytes, of all blocks of
	// a stream together.
	MaxUncompressed = 1 << 30
	// MaxDictionary is the largest LZMA2 dictionary, in bytes, that is
	// allocated; xz -9 makes 64 MiB.
	MaxDictionary = 128 << 20
	// maxIndex is the largest Index, in bytes. It describes some 10,000 blocks,
	// a thousand times what an archive has, in a few megabytes of memory.
	maxIndex = 64 << 10
	// minIndex is the smallest Index, in bytes: that of no block (4).
	minIndex = 8
)

// Sizes and identifiers, by section of the specification.
const (
	streamHeaderSize = 12   // 2.1.1; the footer, 2.1.2, has the same size
	checkSize        = 4    // 3.4, of CRC32
	checkCRC32       = 0x01 // 2.1.1.2
	filterLZMA2      = 0x21 // 5.3.1
	filterX86        = 0x04 // 5.3.2
	filterARM64      = 0x0a // 5.3.2
	filterRISCV      = 0x0b // 5.3.2
	maxDictProp      = 40   // 5.3.1
	maxBlockHeader   = 1024 // 3.1.1
	flagFilters      = 0x03 // 3.1.2: the number of filters, less one
	flagCompressed   = 0x40 // 3.1.2: the Compressed Size field is there
	flagUncompressed = 0x80 // 3.1.2: the Uncompressed Size field is there
	maxVLI           = 9    // 1.2: bytes of a multibyte integer
)

// Magic is what a file begins with (2.1.1.1).
const Magic = "\xfd7zXZ\x00"

const footerMagic = "YZ" // 2.1.2.4

// DictSize returns the dictionary size in bytes that a property byte of 0 to
// 40 stands for (5.3.1).
func DictSize(prop byte) int64 {
	if prop == maxDictProp {
		return 1<<32 - 1
	}
	return int64(2|prop&1) << (prop/2 + 11)
}

// DictProp returns the smallest property byte whose dictionary holds size
// bytes.
func DictProp(size int64) byte {
	prop := byte(0)
	for prop < maxDictProp && DictSize(prop) < size {
		prop++
	}
	return prop
}

// roundUp4 rounds up to the multiple of four that every field group of the
// format is padded to.
func roundUp4(n int64) int64 { return (n + 3) &^ 3 }

func appendCRC32(dst, of []byte) []byte {
	return binary.LittleEndian.AppendUint32(dst, crc32.ChecksumIEEE(of))
}

// vliSize returns how many bytes n takes as a multibyte integer (1.2).
func vliSize(n int64) int64 {
	size := int64(1)
	for ; n >= 0x80; n >>= 7 {
		size++
	}
	return size
}

func appendVLI(dst []byte, n int64) []byte {
	for ; n >= 0x80; n >>= 7 {
		dst = append(dst, byte(n)|0x80)
	}
	return append(dst, byte(n))
}

// cutVLI reads a multibyte integer and returns what follows it. An encoding
// longer than need be is an error, as 1.2 demands.
func cutVLI(p []byte) (n int64, rest []byte, err error) {
	for i, c := range p {
		if i == maxVLI {
			break
		}
		n |= int64(c&0x7f) << (7 * i)
		if c < 0x80 {
			if c == 0 && i > 0 {
				return 0, nil, errors.New("integer is longer than it need be")
			}
			return n, p[i+1:], nil
		}
	}
	return 0, nil, errors.New("integer does not end")
}

// streamFlags checks a Stream Header and returns the identifier of its check
// (2.1.1).
func streamFlags(h []byte) (check byte, err error) {
	if len(h) < streamHeaderSize || string(h[:6]) != Magic {
		return 0, fmt.Errorf("not an xz stream: it does not begin with %q", Magic)
	}
	if binary.LittleEndian.Uint32(h[8:]) != crc32.ChecksumIEEE(h[6:8]) {
		return 0, errors.New("stream header is damaged: its CRC32 is wrong")
	}
	if h[6] != 0 || h[7] > 0x0f {
		return 0, fmt.Errorf("stream flags %#02x %#02x are not known", h[6], h[7])
	}
	return h[7], nil
}

// footer checks a Stream Footer (2.1.2) and returns the size of the Index in
// bytes.
func footer(f []byte, check byte) (index int64, err error) {
	if len(f) < streamHeaderSize || string(f[10:12]) != footerMagic {
		return 0, fmt.Errorf("stream does not end with %q: it is truncated or something follows it", footerMagic)
	}
	if binary.LittleEndian.Uint32(f) != crc32.ChecksumIEEE(f[4:10]) {
		return 0, errors.New("stream footer is damaged: its CRC32 is wrong")
	}
	if f[8] != 0 || f[9] != check {
		return 0, errors.New("stream footer and stream header disagree about the check")
	}
	index = (int64(binary.LittleEndian.Uint32(f[4:])) + 1) * 4
	if index < minIndex {
		return 0, fmt.Errorf("stream footer gives the index %d bytes: the smallest has %d", index, minIndex)
	}
	return index, nil
}
