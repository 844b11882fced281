// SPDX-License-Identifier: Apache-2.0

package container

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/rules-kheaders/rules_kheaders/internal/archive/ustar"
	"github.com/rules-kheaders/rules_kheaders/internal/archive/xz"
)

// minFill is the least number of zeros in the fill block: they are the two
// blocks that end a tar archive.
const minFill = 2 * ustar.BlockSize

// fill says how the last block makes a stream end at exactly the capacity:
// zeros, which a tar reader takes for more of the end of the archive, in
// stored chunks.
type fill struct {
	zeros   int64 // bytes, a multiple of 512
	single  int   // chunks of a single byte before the full ones
	padding int   // bytes of block header padding
}

// planFill finds the fill that brings a stream of blocks to capacity bytes.
// The plan is a function of its arguments alone: Read makes it again to see
// whether an archive is one that Bytes wrote.
func planFill(blocks []xz.Block, capacity int64) (fill, error) {
	need := fill{zeros: minFill}.stream(blocks)
	if need > capacity {
		return fill{}, &CapacityError{Need: need, Have: capacity}
	}
	f := fill{zeros: minFill + (capacity-need)/ustar.BlockSize*ustar.BlockSize}
	for f.zeros > minFill && f.stream(blocks) > capacity {
		f.zeros -= ustar.BlockSize
	}
	// Less than 512 bytes are left, and a few that the next 512 zeros would
	// have taken in headers: that much a block header has room for. But where
	// the padding makes a size in the index a byte longer, the stream may grow
	// by 8 bytes at once. A chunk more is 3 bytes more, which moves the
	// block's own rounding to the other side of that step.
	for range 4 {
		for f.single = 0; f.single < 4; f.single++ {
			f.padding = 0
			rest := capacity - f.stream(blocks)
			for _, less := range []int64{0, 4, 8} {
				f.padding = int(rest - less)
				if f.padding >= 0 && f.padding <= f.maxPadding() && f.stream(blocks) == capacity {
					return f, nil
				}
			}
		}
		if f.zeros -= ustar.BlockSize; f.zeros < minFill {
			break
		}
	}
	return fill{}, fmt.Errorf("fill reservation of %d bytes: cannot pad to exactly that; use a capacity 4 bytes larger", capacity)
}

// stream returns the size in bytes of a stream of blocks with f at its end.
func (f fill) stream(blocks []xz.Block) int64 {
	return xz.StreamSizeWith(blocks, f.compressed(), f.zeros, f.padding)
}

func (f fill) compressed() int64 {
	return int64(f.single)*4 + xz.StoredSize(f.zeros-int64(f.single))
}

func (f fill) maxPadding() int {
	return xz.MaxPadding(f.compressed(), f.zeros)
}

// block returns the block. Its data is made as it is read.
func (f fill) block() xz.Block {
	crc := uint32(0)
	for rest := f.zeros; rest > 0; rest -= xz.MaxStored {
		crc = crc32.Update(crc, crc32.IEEETable, zeros[:min(rest, xz.MaxStored)])
	}
	return xz.Block{
		LZMA2:        fillData{f},
		Uncompressed: f.zeros,
		CRC32:        crc,
		Padding:      f.padding,
	}
}

// is says whether data, of the size that f makes, is what f makes. The error is
// one of reading it.
func (f fill) is(data xz.Data) (bool, error) {
	buf := make([]byte, min(fullChunk, f.compressed()))
	for i := int64(0); ; i++ {
		at, n := f.chunk(i)
		header := []byte{0} // the end of the data
		if n > 0 {
			header = xz.AppendStoredHeader(nil, int(n), i == 0)
		}
		p := buf[:int64(len(header))+n]
		if err := xz.ReadFull(data, p, at); err != nil {
			return false, err
		}
		if !bytes.HasPrefix(p, header) || !bytes.Equal(p[len(header):], zeros[:n]) {
			return false, nil
		}
		if n == 0 {
			return true, nil
		}
	}
}

// chunk returns where chunk i begins and how many zeros it holds; behind the
// last is the end of the data, with none.
func (f fill) chunk(i int64) (at, n int64) {
	single := int64(f.single)
	if i < single {
		return i * singleChunk, 1
	}
	i -= single
	rest := f.zeros - single - i*xz.MaxStored
	if rest <= 0 {
		return f.compressed() - 1, 0
	}
	return single*singleChunk + i*fullChunk, min(rest, xz.MaxStored)
}

// Sizes of a chunk with its header, in bytes.
const (
	singleChunk = storedHeader + 1
	fullChunk   = storedHeader + xz.MaxStored
)

// fillData is the compressed data of a fill: zeros, with a header now and then.
type fillData struct{ fill }

// Size returns the number of bytes.
func (d fillData) Size() int64 { return d.compressed() }

// ReadAt reads as an [io.ReaderAt] does.
func (d fillData) ReadAt(p []byte, off int64) (int, error) {
	size := d.Size()
	if off >= size {
		return 0, io.EOF
	}
	end := min(off+int64(len(p)), size)
	p = p[:end-off]
	clear(p)
	i := off / singleChunk
	if past := off - int64(d.single)*singleChunk; past >= 0 {
		i = int64(d.single) + past/fullChunk
	}
	for ; ; i++ {
		at, n := d.chunk(i)
		if n == 0 || at >= end {
			break
		}
		for k, c := range xz.AppendStoredHeader(nil, int(n), i == 0) {
			if at := at + int64(k); at >= off && at < end {
				p[at-off] = c
			}
		}
	}
	if end == size {
		return len(p), io.EOF
	}
	return len(p), nil
}

var zeros = make([]byte, xz.MaxStored)
