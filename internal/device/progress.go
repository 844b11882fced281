// SPDX-License-Identifier: Apache-2.0

//go:build linux

package device

import (
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// terminal says whether somebody is watching.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

// say tells who is watching what is done now.
func (d *Device) say(format string, args ...any) {
	if terminal(d.Log) {
		fmt.Fprintf(d.Log, "\r\x1b[Kkheaders: %s\n", fmt.Sprintf(format, args...))
	}
}

// warn says what the user should know and nothing fails of.
func (d *Device) warn(format string, args ...any) {
	if d.Log != nil {
		fmt.Fprintf(d.Log, "kheaders: warning: %s\n", fmt.Sprintf(format, args...))
	}
}

// meter shows how much of a stream has been read, on a terminal.
type meter struct {
	r     io.Reader
	w     io.Writer // nil: not shown
	what  string
	size  int64 // bytes
	done  int64
	shown time.Time
}

func (d *Device) meter(r io.Reader, what string, size int64) *meter {
	m := &meter{r: r, what: what, size: size}
	if terminal(d.Log) {
		m.w = d.Log
	}
	return m
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	m.done += int64(n)
	if now := time.Now(); m.w != nil && now.Sub(m.shown) > 100*time.Millisecond {
		m.shown = now
		fmt.Fprintf(m.w, "\r\x1b[Kkheaders: %s: %d%%", m.what, min(100, m.done*100/max(1, m.size)))
	}
	return n, err
}

// end wipes the line.
func (m *meter) end() {
	if m.w != nil && m.done > 0 {
		fmt.Fprint(m.w, "\r\x1b[K")
	}
}

// ahead reads in a goroutine, so that decoding and writing files overlap.
type ahead struct {
	full  chan []byte
	empty chan []byte
	err   error // of the reader, valid once full is closed
	cur   []byte
	buf   []byte
}

const (
	aheadSize  = 256 << 10 // bytes of a piece
	aheadCount = 8
)

// readAhead returns a reader of what r reads. It must be read to its end or
// until r fails, or r is left waiting.
func readAhead(r io.Reader) io.Reader {
	a := &ahead{full: make(chan []byte, aheadCount), empty: make(chan []byte, aheadCount)}
	for range aheadCount {
		a.empty <- make([]byte, aheadSize)
	}
	go func() {
		defer close(a.full)
		for buf := range a.empty {
			n, err := io.ReadFull(r, buf)
			if n > 0 {
				a.full <- buf[:n]
			}
			if err == io.ErrUnexpectedEOF {
				err = io.EOF
			}
			if a.err = err; err != nil {
				return
			}
		}
	}()
	return a
}

func (a *ahead) Read(p []byte) (int, error) {
	if len(a.cur) == 0 {
		if a.buf != nil {
			a.empty <- a.buf
			a.buf = nil
		}
		next, ok := <-a.full
		if !ok {
			return 0, a.err
		}
		a.cur, a.buf = next, next[:cap(next)]
	}
	n := copy(p, a.cur)
	a.cur = a.cur[n:]
	return n, nil
}
