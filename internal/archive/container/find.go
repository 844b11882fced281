// SPDX-License-Identifier: Apache-2.0

package container

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/rules-kheaders/rules_kheaders/internal/archive/xz"
)

const (
	// scanSize is how much is read at a time, in bytes: it stays in a core's
	// second-level cache, and a system call for it costs little.
	scanSize = 128 << 10
	// scanRound is how much is searched before what was found is looked at.
	scanRound = 32 * scanSize
	// scanWorkers bounds the cores that search. More would wait for memory.
	scanWorkers = 4
)

// Region is a place in a file, in bytes.
type Region struct {
	Offset, Size int64
}

// Find returns every region of a file of size bytes that holds an archive,
// in the order of their offsets. Text that looks like a marker, such as the
// strings in this program, is passed over; so is an archive that is not whole,
// unless there is no other: then it is the error.
//
// The file is read once, in pieces, by several cores; of what looks like an
// archive, the marker is looked at first, then the ends of the stream, and only
// then all of it.
func Find(r io.ReaderAt, size int64) ([]Region, error) {
	s := scanner{r: r, size: size, needle: append(markerPrefix(), MemberName...)}
	var found []Region
	var damaged error
	for at := int64(0); at < size; {
		next := min(at+scanRound, size)
		places, err := s.scan(at, next)
		if err != nil {
			return nil, fmt.Errorf("find archive: %w", err)
		}
		for _, place := range places {
			if place < at {
				continue // inside the archive before
			}
			n, err := probe(r, place, size-place)
			if unread := (*xz.ReadError)(nil); errors.As(err, &unread) {
				return nil, fmt.Errorf("find archive: %w", err)
			}
			if err != nil {
				damaged = cmp.Or(damaged, fmt.Errorf("find archive: the one at offset %d is damaged: %w", place, err))
			} else if n > 0 {
				found = append(found, Region{Offset: place, Size: n})
				at = place + n
			}
		}
		at = max(at, next)
	}
	if len(found) == 0 {
		return nil, damaged
	}
	return found, nil
}

// scanner searches a file of size bytes.
type scanner struct {
	r      io.ReaderAt
	size   int64
	needle []byte
	bufs   [scanWorkers][]byte
}

// scan returns, in order, where the needle begins from start on and before end.
func (s *scanner) scan(start, end int64) ([]int64, error) {
	pieces := (end - start + scanSize - 1) / scanSize
	places := make([][]int64, pieces)
	errs := make([]error, pieces)
	var next atomic.Int64
	work := func(worker int64) {
		// The needle may begin in a piece and end in the one behind it.
		over := int64(len(s.needle) - 1)
		if s.bufs[worker] == nil {
			s.bufs[worker] = make([]byte, min(scanSize, end-start)+over)
		}
		for i := next.Add(1) - 1; i < pieces; i = next.Add(1) - 1 {
			at := start + i*scanSize
			p := s.bufs[worker][:min(scanSize+over, end+over-at, s.size-at)]
			if errs[i] = xz.ReadFull(s.r, p, at); errs[i] != nil {
				return
			}
			for from := 0; ; from++ {
				k := bytes.Index(p[from:], s.needle)
				if k < 0 {
					break
				}
				from += k
				places[i] = append(places[i], at+int64(from))
			}
		}
	}
	var wg sync.WaitGroup
	for worker := min(pieces, scanWorkers, int64(runtime.GOMAXPROCS(0))) - 1; worker > 0; worker-- {
		wg.Add(1)
		go func() {
			defer wg.Done()
			work(worker)
		}()
	}
	work(0)
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return slices.Concat(places...), nil
}

// Marked says whether r begins with a marker, as an archive does and one that is
// damaged behind it.
func Marked(r io.ReaderAt) bool {
	_, err := firstMarker(r)
	return err == nil
}

func firstMarker(r io.ReaderAt) (Marker, error) {
	head := make([]byte, markerStart+markerSize)
	if err := xz.ReadFull(r, head, 0); err != nil {
		return Marker{}, err
	}
	return parseMember(head[markerStart:])
}

// probe returns the size of the archive at off, or 0 if there is no marker. The
// error is one of reading, or says what is wrong with the archive, which may
// have room bytes.
func probe(r io.ReaderAt, off, room int64) (int64, error) {
	if room < int64(markerStart+markerSize) {
		return 0, nil
	}
	m, err := firstMarker(io.NewSectionReader(r, off, room))
	if unread := (*xz.ReadError)(nil); errors.As(err, &unread) {
		return 0, err
	}
	if err != nil {
		return 0, nil
	}
	if m.Capacity > room {
		return 0, fmt.Errorf("it has %d bytes, and the file ends after %d", m.Capacity, room)
	}
	// The ends of the stream are read before anything between them.
	_, err = Read(io.NewSectionReader(r, off, m.Capacity), m.Capacity)
	return m.Capacity, err
}
