// SPDX-License-Identifier: Apache-2.0

package xz

import (
	"bufio"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/rules-kheaders/rules_kheaders/internal/cli/memory"
)

// Open returns a reader of the decoded bytes. It never yields more than
// Uncompressed bytes, allocates no larger a dictionary than that, and returns
// io.EOF only after the size and the CRC32 have turned out right; a caller
// must not trust what it read before that.
func (b Block) Open() io.Reader {
	return &blockReader{block: b, in: &counter{r: bufio.NewReaderSize(stored(b.LZMA2), int(min(readSize, b.LZMA2.Size())))}}
}

// dictionary returns how much memory decoding takes, in bytes.
func (b Block) dictionary() int64 { return min(DictSize(b.DictProp), b.Uncompressed) }

type blockReader struct {
	block Block
	in    *counter
	dec   *decoder
	n     int64
	crc   uint32
	err   error
}

func (r *blockReader) Read(p []byte) (int, error) {
	if r.err != nil || len(p) == 0 {
		return 0, r.err
	}
	if r.dec == nil {
		dict := r.block.dictionary()
		if r.err = memory.TakeDictionary(dict); r.err != nil {
			return 0, fmt.Errorf("decode xz block: %w", r.err)
		}
		r.dec = newDecoder(r.in, dict)
	}
	n, err := r.dec.Read(p)
	r.n += int64(n)
	r.crc = crc32.Update(r.crc, crc32.IEEETable, p[:n])
	switch {
	case r.n > r.block.Uncompressed:
		n, r.err = 0, fmt.Errorf("decode xz block: more than the %d bytes declared", r.block.Uncompressed)
	case err == io.EOF:
		r.err = r.finish()
	case err != nil:
		r.err = fmt.Errorf("decode xz block: %w", err)
	}
	return n, r.err
}

// finish returns io.EOF if everything that the block declares is true.
func (r *blockReader) finish() error {
	rest := r.block.LZMA2.Size() - r.in.n
	switch {
	case rest > 0:
		return fmt.Errorf("decode xz block: the data ends %d bytes early", rest)
	case r.n != r.block.Uncompressed:
		return fmt.Errorf("decode xz block: %d bytes decoded, %d declared", r.n, r.block.Uncompressed)
	case r.crc != r.block.CRC32:
		return fmt.Errorf("decode xz block: CRC32 is %08x: expected %08x", r.crc, r.block.CRC32)
	}
	return io.EOF
}
