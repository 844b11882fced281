// SPDX-License-Identifier: Apache-2.0

package xz

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// An LZMA2 chunk begins with a control byte (liblzma's lzma2_decoder.c):
// 0x00 ends the data, 0x01 and 0x02 are stored chunks with and without a
// reset of the dictionary, 0x80 and above are LZMA chunks whose bits 5 and 6
// say what is reset.
const (
	chunkEnd         = 0x00
	chunkStoredReset = 0x01
	chunkStored      = 0x02
	chunkLZMA        = 0x80

	storedHeader   = 3 // bytes: control byte, size - 1
	maxChunkHeader = 6 // bytes: control byte, decoded size - 1, size - 1, properties
)

// MaxStored is the size in bytes of the largest stored chunk.
const MaxStored = 1 << 16

// StoredSize returns the size in bytes of n bytes as stored LZMA2 chunks, end
// marker included.
func StoredSize(n int64) int64 {
	return n + (n+MaxStored-1)/MaxStored*storedHeader + 1
}

// Stored returns a block that holds p as it is, so that its text can be read
// in the file.
func Stored(p []byte) Block {
	lzma2 := make([]byte, 0, StoredSize(int64(len(p))))
	for rest := p; len(rest) > 0; {
		n := min(len(rest), MaxStored)
		lzma2 = AppendStoredHeader(lzma2, n, len(rest) == len(p))
		lzma2 = append(lzma2, rest[:n]...)
		rest = rest[n:]
	}
	return Block{
		LZMA2:        Bytes(append(lzma2, chunkEnd)),
		Uncompressed: int64(len(p)),
		CRC32:        crc32.ChecksumIEEE(p),
	}
}

// AppendStoredHeader appends the header of a stored chunk of n bytes, 1 to
// 65536; the first chunk of a block has to reset the dictionary.
func AppendStoredHeader(dst []byte, n int, first bool) []byte {
	control := byte(chunkStored)
	if first {
		control = chunkStoredReset
	}
	return binary.BigEndian.AppendUint16(append(dst, control), uint16(n-1))
}

// DecodedSize walks over the chunk headers of raw LZMA2 data and returns the
// decoded size in bytes that they add up to. It decodes nothing. Data that
// does not end exactly at its end marker, or does not begin with the resets
// that a decoder needs, is an error.
func DecodedSize(lzma2 []byte) (int64, error) {
	w := &window{r: Bytes(lzma2), size: int64(len(lzma2))}
	return w.decodedSize(0, w.size)
}

// decodedSize is DecodedSize of the size bytes at off. Of a file it reads
// little more than the headers.
func (w *window) decodedSize(off, size int64) (total int64, err error) {
	needDict, needProps := true, true
	for {
		if size == 0 {
			return 0, errors.New("LZMA2 data has no end marker")
		}
		p, err := w.bytes(off, int(min(size, maxChunkHeader)))
		if err != nil {
			return 0, err
		}
		control := p[0]
		if control == chunkEnd {
			if size > 1 {
				return 0, fmt.Errorf("LZMA2 data ends %d bytes early", size-1)
			}
			return total, nil
		}
		if control > chunkStored && control < chunkLZMA {
			return 0, fmt.Errorf("LZMA2 control byte %#02x is not known", control)
		}
		reset := control == chunkStoredReset || control >= 0xe0
		if needDict && !reset {
			return 0, errors.New("LZMA2 data does not begin with a dictionary reset")
		}
		needDict = false

		var header, data int
		switch {
		case control <= chunkStored:
			if len(p) < storedHeader {
				return 0, errors.New("LZMA2 chunk header is truncated")
			}
			header, data = storedHeader, int(binary.BigEndian.Uint16(p[1:]))+1
			total += int64(data)
			// A reset of the dictionary asks for new properties too
			// (lzma2_decoder.c, SEQ_CONTROL).
			needProps = needProps || control == chunkStoredReset
		default:
			header = 5
			if control >= 0xc0 {
				header, needProps = maxChunkHeader, false
			}
			if needProps {
				return 0, errors.New("LZMA2 chunk comes before its properties")
			}
			if len(p) < header {
				return 0, errors.New("LZMA2 chunk header is truncated")
			}
			total += int64(control&0x1f)<<16 + int64(binary.BigEndian.Uint16(p[1:])) + 1
			data = int(binary.BigEndian.Uint16(p[3:])) + 1
		}
		chunk := int64(header + data)
		if size < chunk {
			return 0, fmt.Errorf("LZMA2 chunk of %d bytes is truncated to %d", chunk, size)
		}
		off, size = off+chunk, size-chunk
	}
}
