// SPDX-License-Identifier: Apache-2.0

package xz

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// record is an entry of the Index (4.3), both sizes in bytes.
type record struct {
	unpadded, uncompressed int64
}

// ParseStream takes apart a stream that AppendStream wrote; p is that stream
// and nothing else. Every size and CRC of the container is checked against the
// others, the chunk headers included, so a size that passed is the size that
// decoding yields; the compressed data is not decoded. A decoded size above
// [MaxUncompressed], or a dictionary above [MaxDictionary], is an error. The
// blocks' LZMA2 is part of p.
func ParseStream(p []byte) ([]Block, error) {
	return ReadStream(Bytes(p), int64(len(p)))
}

// ReadStream is ParseStream of a file of size bytes, of which it reads little
// more than the headers, and first the ends of the stream: for a file that has
// none, that is all. The blocks' LZMA2 is left where it is.
func ReadStream(r io.ReaderAt, size int64) ([]Block, error) {
	blocks, err := readStream(&window{r: r, size: size})
	if err != nil {
		return nil, fmt.Errorf("parse xz stream: %w", err)
	}
	return blocks, nil
}

func readStream(w *window) ([]Block, error) {
	records, err := readIndex(w.r, w.size)
	if err != nil {
		return nil, err
	}
	blocks := make([]Block, 0, len(records))
	off := int64(streamHeaderSize)
	for i, r := range records {
		size := roundUp4(r.unpadded) // readIndex made sure that all of them fit
		b, err := w.block(off, size, r)
		if err != nil {
			return nil, fmt.Errorf("block %d: %w", i, err)
		}
		blocks = append(blocks, b)
		off += size
	}
	return blocks, nil
}

// readIndex returns the records of the Index (4), whose blocks fill the
// stream exactly.
func readIndex(r io.ReaderAt, size int64) ([]record, error) {
	if size < 2*streamHeaderSize+8 {
		return nil, fmt.Errorf("%d bytes are too few for an xz stream", size)
	}
	end := make([]byte, streamHeaderSize)
	if err := ReadFull(r, end, 0); err != nil {
		return nil, err
	}
	check, err := streamFlags(end)
	if err != nil {
		return nil, err
	}
	if check != checkCRC32 {
		return nil, fmt.Errorf("check is %d: expected %d, CRC32", check, checkCRC32)
	}
	if err := ReadFull(r, end, size-streamHeaderSize); err != nil {
		return nil, err
	}
	length, err := footer(end, check)
	if err != nil {
		return nil, err
	}
	if size%4 != 0 {
		return nil, fmt.Errorf("size of %d bytes is not a multiple of 4", size)
	}
	if length > size-2*streamHeaderSize || length > maxIndex {
		return nil, fmt.Errorf("index of %d bytes is larger than the stream or the limit of %d", length, maxIndex)
	}
	p := make([]byte, length)
	if err := ReadFull(r, p, size-streamHeaderSize-length); err != nil {
		return nil, err
	}
	records, err := parseIndex(p)
	if err != nil {
		return nil, fmt.Errorf("index: %w", err)
	}
	var blocks, decoded int64
	room := size - 2*streamHeaderSize - length
	for i, r := range records {
		if r.unpadded < 8 || r.unpadded > room-blocks {
			return nil, fmt.Errorf("index: block %d of %d bytes does not fit", i, r.unpadded)
		}
		if r.uncompressed > MaxUncompressed-decoded {
			return nil, fmt.Errorf("index: the decoded size is above the limit of %d bytes", MaxUncompressed)
		}
		blocks += roundUp4(r.unpadded)
		decoded += r.uncompressed
	}
	if blocks != room {
		return nil, fmt.Errorf("index: its blocks take %d bytes, the stream has %d", blocks, room)
	}
	return records, nil
}

// parseIndex reads a whole Index, from its indicator to its CRC32 (4).
func parseIndex(p []byte) ([]record, error) {
	body := p[:len(p)-4]
	if binary.LittleEndian.Uint32(p[len(body):]) != crc32.ChecksumIEEE(body) {
		return nil, errors.New("CRC32 is wrong")
	}
	if body[0] != 0 {
		return nil, fmt.Errorf("begins with %#02x: expected 0", body[0])
	}
	count, rest, err := cutVLI(body[1:])
	if err != nil {
		return nil, fmt.Errorf("number of records: %w", err)
	}
	// A record takes two bytes at the least: this bounds the allocation.
	if count > int64(len(rest)/2) {
		return nil, fmt.Errorf("%d records do not fit in %d bytes", count, len(rest))
	}
	records := make([]record, count)
	for i := range records {
		if records[i].unpadded, rest, err = cutVLI(rest); err != nil {
			return nil, fmt.Errorf("record %d: unpadded size: %w", i, err)
		}
		if records[i].uncompressed, rest, err = cutVLI(rest); err != nil {
			return nil, fmt.Errorf("record %d: uncompressed size: %w", i, err)
		}
	}
	if len(rest) > 3 || len(bytes.Trim(rest, "\x00")) > 0 {
		return nil, fmt.Errorf("%d bytes follow the last record: expected up to 3 zeros", len(rest))
	}
	return records, nil
}

// block reads the block of size bytes at off, from its header to its check
// (3), that the index describes by r.
func (w *window) block(off, size int64, r record) (Block, error) {
	first, err := w.bytes(off, 1)
	if err != nil {
		return Block{}, err
	}
	header := (int64(first[0]) + 1) * 4
	if first[0] == 0 || header+checkSize > size {
		return Block{}, fmt.Errorf("header of %d bytes does not fit", header)
	}
	p, err := w.bytes(off, int(header))
	if err != nil {
		return Block{}, err
	}
	h, err := parseBlockHeader(p)
	if err != nil {
		return Block{}, err
	}
	if h.filter != 0 {
		return Block{}, fmt.Errorf("block has the %s filter: expected LZMA2 alone", filterNames[h.filter])
	}
	if h.compressed < 0 || h.uncompressed < 0 {
		return Block{}, errors.New("header does not give both sizes")
	}
	if h.uncompressed != r.uncompressed {
		return Block{}, fmt.Errorf("decoded size is %d in the header and %d in the index", h.uncompressed, r.uncompressed)
	}
	if h.compressed != r.unpadded-header-checkSize {
		return Block{}, fmt.Errorf("compressed size is %d in the header and %d in the index", h.compressed, r.unpadded-header-checkSize)
	}
	if DictSize(h.dictProp) > MaxDictionary {
		return Block{}, fmt.Errorf("dictionary is %d bytes: the limit is %d", DictSize(h.dictProp), MaxDictionary)
	}
	start, end := off+header, off+header+h.compressed
	decoded, err := w.decodedSize(start, h.compressed)
	if err != nil {
		return Block{}, err
	}
	if decoded != h.uncompressed {
		return Block{}, fmt.Errorf("decoded size is %d in the header and %d in the LZMA2 chunks", h.uncompressed, decoded)
	}
	tail, err := w.bytes(end, int(off+size-end))
	if err != nil {
		return Block{}, err
	}
	padding, check := tail[:len(tail)-checkSize], tail[len(tail)-checkSize:]
	if len(bytes.Trim(padding, "\x00")) > 0 {
		return Block{}, errors.New("padding after the compressed data is not zero")
	}
	return Block{
		LZMA2:        cut(w.r, start, h.compressed),
		Uncompressed: h.uncompressed,
		CRC32:        binary.LittleEndian.Uint32(check),
		DictProp:     h.dictProp,
		Padding:      h.padding,
	}, nil
}
