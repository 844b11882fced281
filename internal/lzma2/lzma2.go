// SPDX-License-Identifier: Apache-2.0

// Package lzma2 compresses the blocks of an archive. It makes raw LZMA2 data,
// for the container of internal/xz to frame.
package lzma2

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"io"
	"sync"

	"github.com/rules-kheaders/rules_kheaders/internal/xz"
	"github.com/ulikunitz/xz/lzma"
)

// Encoder compresses. The same input gives the same output, on any machine and
// whatever runs beside it.
type Encoder interface {
	// Encode returns p as raw LZMA2 chunks with the 0x00 that ends them. It
	// may be called from several goroutines at once.
	Encode(p Part) ([]byte, error)
	// Name says what compresses, with the settings that shape the output.
	Name() string
	// DictProp is the property byte (xz-file-format.txt 5.3.1) of the
	// dictionary that is used.
	DictProp() byte
}

// Part is what becomes one block: bytes in pieces, which need not be copied
// together to be compressed.
type Part [][]byte

// Len returns the number of bytes.
func (p Part) Len() (n int) {
	for _, piece := range p {
		n += len(piece)
	}
	return n
}

// Open returns a reader of the bytes.
func (p Part) Open() io.Reader { return &reader{rest: p} }

type reader struct {
	rest Part
	at   int // in its first piece
}

// Read fills p, across pieces: most of them are smaller than a program that
// compresses is to be fed with.
func (r *reader) Read(p []byte) (n int, err error) {
	for n < len(p) && len(r.rest) > 0 {
		c := copy(p[n:], r.rest[0][r.at:])
		n, r.at = n+c, r.at+c
		if r.at == len(r.rest[0]) {
			r.rest, r.at = r.rest[1:], 0
		}
	}
	if n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// goDict is the dictionary of Go in bytes. Larger ones win nothing with this
// library, and 8 MiB is what xz -6, and so each reader of kernel headers,
// has always used.
const goDict = 8 << 20

// Go returns the encoder in pure Go, github.com/ulikunitz/xz/lzma: some seven
// times as fast as xz -6 on one thread, and 29 % larger on kernel headers.
func Go() Encoder { return goEncoder{} }

type goEncoder struct{}

func (goEncoder) Name() string   { return "go" }
func (goEncoder) DictProp() byte { return xz.DictProp(goDict) }

func (goEncoder) Encode(p Part) ([]byte, error) {
	var out bytes.Buffer
	// Every setting that shapes the output is spelled out, so that a default
	// that changes in the library changes nothing here. Four literal context
	// bits and no position bits suit text best.
	w, err := lzma.Writer2Config{
		Properties: &lzma.Properties{LC: 4, LP: 0, PB: 0},
		DictCap:    goDict,
		BufSize:    4096,
		Matcher:    lzma.HashTable4,
	}.NewWriter2(&out)
	if err != nil {
		return nil, fmt.Errorf("set up LZMA2 encoder: %w", err)
	}
	if _, err := io.Copy(w, p.Open()); err != nil {
		return nil, fmt.Errorf("compress %d bytes: %w", p.Len(), err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("compress %d bytes: %w", p.Len(), err)
	}
	return out.Bytes(), nil
}

// EncodeBlocks compresses each part to a block of its own, up to workers of
// them at a time; the result does not depend on workers. Where to split is for
// the caller: at members, so that each block is a tar archive in itself, and
// into as few parts as there is to be parallelism, because a block knows
// nothing of those before it (two blocks of 17 MiB cost 0.5 % of the size
// against one, blocks of 4 MiB 2.7 %).
//
// A block asks for a dictionary no larger than its content: a reader with
// little memory need not allocate 8 MiB for a block of 1 MiB.
func EncodeBlocks(e Encoder, parts []Part, workers int) ([]xz.Block, error) {
	blocks := make([]xz.Block, len(parts))
	errs := make([]error, len(parts))
	next := make(chan int)
	var wg sync.WaitGroup
	for range max(1, min(workers, len(parts))) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range next {
				blocks[i], errs[i] = encodeBlock(e, parts[i])
			}
		}()
	}
	for i := range parts {
		next <- i
	}
	close(next)
	wg.Wait()
	// The first error by place, not by time.
	for i, err := range errs {
		if err != nil {
			return nil, fmt.Errorf("compress block %d of %d with %s: %w", i+1, len(parts), e.Name(), err)
		}
	}
	return blocks, nil
}

func encodeBlock(e Encoder, p Part) (xz.Block, error) {
	size := p.Len()
	if size == 0 {
		return xz.Block{}, fmt.Errorf("it is empty: expected a part with a member")
	}
	data, err := e.Encode(p)
	if err != nil {
		return xz.Block{}, err
	}
	check := crc32.NewIEEE()
	for _, piece := range p {
		check.Write(piece)
	}
	return xz.Block{
		LZMA2:        xz.Bytes(data),
		Uncompressed: int64(size),
		CRC32:        check.Sum32(),
		DictProp:     min(e.DictProp(), xz.DictProp(int64(size))),
	}, nil
}
