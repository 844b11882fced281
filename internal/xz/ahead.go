// SPDX-License-Identifier: Apache-2.0

package xz

import (
	"bytes"
	"io"
	"runtime"
)

// maxAhead is how much memory, in bytes, the blocks take together that are decoded before
// they are asked for: what they decode to, and their dictionaries.
const maxAhead = 24 << 20

// maxWorkers bounds the blocks that are in memory, whatever the machine.
const maxWorkers = 4

// OpenAll returns a reader of what the blocks decode to, one after the other,
// which is to be trusted as that of [Block.Open] is. It decodes as many blocks
// at a time as there are cores, at most 4, and as 24 MiB of memory allow: a larger block
// is decoded as it is read, and takes its dictionary alone.
func OpenAll(blocks []Block) io.Reader {
	a := &ahead{blocks: blocks}
	a.start()
	return a
}

type ahead struct {
	blocks []Block // not started yet
	queue  []started
	taken  int64 // bytes of memory, by what is in queue and cur
	cur    io.Reader
	size   int64 // what cur has of taken
	err    error
}

// started is a block that is being decoded. The channel takes the result without a
// receiver, so that nothing hangs if the reader is given up.
type started struct {
	result chan io.Reader
	size   int64
}

// start begins with the next blocks.
func (a *ahead) start() {
	for len(a.blocks) > 0 {
		b := a.blocks[0]
		first := len(a.queue) == 0 && a.cur == nil
		size := b.Uncompressed + b.dictionary()
		whole := a.taken+size <= maxAhead && len(a.queue) < min(runtime.GOMAXPROCS(0), maxWorkers)
		if !first && !whole {
			return
		}
		a.blocks = a.blocks[1:]
		s := started{make(chan io.Reader, 1), size}
		a.queue = append(a.queue, s)
		a.taken += size
		if !whole {
			s.result <- b.Open()
			return
		}
		go func() { s.result <- decodeWhole(b) }()
	}
}

// decodeWhole returns the block's bytes, and its error behind them. The buffer
// grows with what there is, up to what the block declares: a forged size costs
// nothing.
func decodeWhole(b Block) io.Reader {
	var buf bytes.Buffer
	buf.Grow(int(min(b.Uncompressed, 1<<20)) + bytes.MinRead)
	if _, err := buf.ReadFrom(b.Open()); err != nil {
		return io.MultiReader(&buf, failed{err})
	}
	return &buf
}

// failed is a reader of an error.
type failed struct{ err error }

func (f failed) Read([]byte) (int, error) { return 0, f.err }

func (a *ahead) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, a.err
	}
	for a.err == nil {
		if a.cur == nil {
			if len(a.queue) == 0 {
				a.err = io.EOF
				break
			}
			a.cur, a.size = <-a.queue[0].result, a.queue[0].size
			a.queue = a.queue[1:]
			a.start()
		}
		n, err := a.cur.Read(p)
		if err == io.EOF {
			a.cur, err = nil, nil
			a.taken -= a.size
			a.start()
		}
		a.err = err
		if n > 0 {
			return n, nil
		}
	}
	return 0, a.err
}
