// SPDX-License-Identifier: Apache-2.0

package xz

import (
	"bytes"
	"io"
	"runtime"
)

// maxAhead is the decoded size in bytes of the largest block that is decoded
// before it is asked for, and so is in memory as a whole.
const maxAhead = 32 << 20

// maxWorkers bounds the blocks that are in memory, whatever the machine.
const maxWorkers = 4

// OpenAll returns a reader of what the blocks decode to, one after the other,
// which is to be trusted as that of [Block.Open] is. It decodes as many blocks
// at a time as there are cores, at most 4; a block above 32 MiB is decoded as it is read.
func OpenAll(blocks []Block) io.Reader {
	a := &ahead{blocks: blocks}
	for range min(runtime.GOMAXPROCS(0), maxWorkers) {
		a.start()
	}
	return a
}

type ahead struct {
	blocks []Block // not started yet
	queue  []chan io.Reader
	cur    io.Reader
	err    error
}

// start begins with the next block. The channel takes the result without a
// receiver, so that nothing hangs if the reader is given up.
func (a *ahead) start() {
	if len(a.blocks) == 0 {
		return
	}
	b := a.blocks[0]
	a.blocks = a.blocks[1:]
	c := make(chan io.Reader, 1)
	a.queue = append(a.queue, c)
	if b.Uncompressed > maxAhead {
		c <- b.Open()
		return
	}
	go func() { c <- decodeWhole(b) }()
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
			a.cur = <-a.queue[0]
			a.queue = a.queue[1:]
			a.start()
		}
		n, err := a.cur.Read(p)
		if err == io.EOF {
			a.cur, err = nil, nil
		}
		a.err = err
		if n > 0 {
			return n, nil
		}
	}
	return 0, a.err
}
