// SPDX-License-Identifier: Apache-2.0

package xz

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
)

// copySize is how much is copied at a time, in bytes.
const copySize = 32 << 10

// WriteStream writes the stream that consists of blocks, in pieces of at most
// 32 KiB where their data is in a file. A Padding that no header has room for
// is a mistake of the caller and panics.
func WriteStream(w io.Writer, blocks []Block) error {
	// Its errors stay until Flush.
	out := bufio.NewWriterSize(w, int(min(copySize, StreamSize(blocks))))
	flags := []byte{0, checkCRC32}
	head := append([]byte(Magic), flags...)
	out.Write(appendCRC32(head, flags))

	records := make([]record, len(blocks))
	for i, b := range blocks {
		out.Write(b.header(i))
		if err := copyData(out, b.LZMA2); err != nil {
			return fmt.Errorf("block %d: %w", i, err)
		}
		n := b.LZMA2.Size()
		end := make([]byte, roundUp4(n)-n, 3+checkSize)
		out.Write(binary.LittleEndian.AppendUint32(end, b.CRC32))
		records[i] = record{b.unpadded(), b.Uncompressed}
	}

	index := appendIndex(nil, records)
	out.Write(index)
	backward := binary.LittleEndian.AppendUint32(nil, uint32(len(index)/4-1))
	backward = append(backward, flags...)
	out.Write(append(append(appendCRC32(nil, backward), backward...), footerMagic...))
	return out.Flush()
}

// copyData copies all of d. An error is either's.
func copyData(out *bufio.Writer, d Data) error {
	if p, ok := d.(Bytes); ok {
		_, err := out.Write(p)
		return err
	}
	n, err := io.Copy(out, stored(d))
	if err == nil && n != d.Size() {
		err = &ReadError{n, int(d.Size() - n), io.ErrUnexpectedEOF}
	}
	return err
}

// AppendStream appends to dst what WriteStream writes. The data of the blocks
// is in memory.
func AppendStream(dst []byte, blocks []Block) []byte {
	out := appender(dst)
	if err := WriteStream(&out, blocks); err != nil {
		panic(fmt.Sprintf("xz: blocks are not in memory: %v", err))
	}
	return out
}

type appender []byte

func (a *appender) Write(p []byte) (int, error) {
	*a = append(*a, p...)
	return len(p), nil
}

// header returns the Block Header (3.1) of block i.
func (b Block) header(i int) []byte {
	n := b.LZMA2.Size()
	limit := MaxPadding(n, b.Uncompressed)
	if b.Padding < 0 || b.Padding%4 != 0 || b.Padding > limit {
		panic(fmt.Sprintf("xz: block %d: padding of %d bytes is not a multiple of 4 up to %d", i, b.Padding, limit))
	}
	size := headerSize(n, b.Uncompressed, b.Padding)
	h := append(make([]byte, 0, size), byte(size/4-1), flagCompressed|flagUncompressed)
	h = appendVLI(appendVLI(h, n), b.Uncompressed)
	h = append(h, filterLZMA2, 1, b.DictProp)
	h = h[:size-4] // zeros
	return appendCRC32(h, h)
}

// appendIndex appends a whole Index (4).
func appendIndex(dst []byte, records []record) []byte {
	start := len(dst)
	dst = append(dst, 0)
	dst = appendVLI(dst, int64(len(records)))
	for _, r := range records {
		dst = appendVLI(dst, r.unpadded)
		dst = appendVLI(dst, r.uncompressed)
	}
	size := int64(len(dst) - start)
	dst = append(dst, make([]byte, roundUp4(size)-size)...)
	return appendCRC32(dst, dst[start:])
}

// StreamSize returns the size in bytes of what AppendStream makes of blocks.
func StreamSize(blocks []Block) int64 {
	var sum sizer
	for _, b := range blocks {
		sum.add(b.LZMA2.Size(), b.Uncompressed, b.Padding)
	}
	return sum.total()
}

// StreamSizeWith returns the StreamSize of blocks and one block more, of the
// sizes given in bytes, which need not exist yet.
func StreamSizeWith(blocks []Block, compressed, uncompressed int64, padding int) int64 {
	var sum sizer
	for _, b := range blocks {
		sum.add(b.LZMA2.Size(), b.Uncompressed, b.Padding)
	}
	sum.add(compressed, uncompressed, padding)
	return sum.total()
}

// sizer adds up a stream's size.
type sizer struct {
	count, blocks, records int64
}

func (s *sizer) add(compressed, uncompressed int64, padding int) {
	unpadded := headerSize(compressed, uncompressed, padding) + compressed + checkSize
	s.count++
	s.blocks += roundUp4(unpadded)
	s.records += vliSize(unpadded) + vliSize(uncompressed)
}

func (s *sizer) total() int64 {
	index := roundUp4(1+vliSize(s.count)+s.records) + 4
	return 2*streamHeaderSize + s.blocks + index
}
