// SPDX-License-Identifier: Apache-2.0

package xz

import (
	"io"
	"runtime"
)

// An ahead reader decodes at most this many pieces of so many bytes before they
// are asked for.
const (
	piecesAhead = 4
	pieceSize   = 256 << 10
)

// OpenAll returns a reader of what the blocks decode to, one after the other,
// which is to be trusted as that of [Block.Open] is. One core decodes, at most
// 1 MiB ahead, while another works on what was read.
func OpenAll(blocks []Block) io.Reader {
	return &ahead{blocks: blocks}
}

type ahead struct {
	blocks []Block // until the first Read
	full   <-chan piece
	free   chan<- []byte
	buf    []byte // of the current piece
	rest   []byte // of it, what was not read yet
	err    error  // behind the rest
}

// A piece is decoded bytes, and the error behind them.
type piece struct {
	bytes []byte
	err   error
}

func (a *ahead) Read(p []byte) (int, error) {
	if a.full == nil {
		a.start()
	}
	for len(p) > 0 && len(a.rest) == 0 && a.err == nil {
		if a.buf != nil {
			a.free <- a.buf // there is room for all
		}
		next := <-a.full
		a.buf, a.rest, a.err = next.bytes, next.bytes, next.err
	}
	n := copy(p, a.rest)
	a.rest = a.rest[n:]
	if len(a.rest) == 0 {
		return n, a.err
	}
	return n, nil
}

// start begins to decode. A reader that is given up before its end is found by the
// garbage collector, which ends that.
func (a *ahead) start() {
	full, free, stop := make(chan piece, piecesAhead), make(chan []byte, piecesAhead), make(chan struct{})
	for range piecesAhead {
		free <- nil
	}
	go decodeAhead(a.blocks, full, free, stop)
	a.blocks, a.full, a.free = nil, full, free
	runtime.AddCleanup(a, func(stop chan<- struct{}) { close(stop) }, stop)
}

// decodeAhead decodes blocks into free buffers, up to the first error, which is
// io.EOF behind the last block.
func decodeAhead(blocks []Block, full chan<- piece, free <-chan []byte, stop <-chan struct{}) {
	r := &sequence{blocks: blocks}
	for {
		var buf []byte
		select {
		case buf = <-free:
		case <-stop:
			return
		}
		if buf == nil {
			buf = make([]byte, pieceSize)
		}
		n, err := fill(r, buf[:pieceSize])
		full <- piece{buf[:n], err} // there is room for all
		if err != nil {
			return
		}
	}
}

// sequence reads blocks one after the other, of which one is open.
type sequence struct {
	blocks []Block
	cur    io.Reader
}

func (s *sequence) Read(p []byte) (int, error) {
	for {
		if s.cur == nil {
			if len(s.blocks) == 0 {
				return 0, io.EOF
			}
			s.cur, s.blocks = s.blocks[0].Open(), s.blocks[1:]
		}
		n, err := s.cur.Read(p)
		if err == io.EOF {
			s.cur, err = nil, nil
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

// fill reads until p is full, and returns the reader's own error if there is one
// before.
func fill(r io.Reader, p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		var m int
		m, err = r.Read(p[n:])
		n += m
	}
	return n, err
}
