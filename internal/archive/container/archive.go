// SPDX-License-Identifier: Apache-2.0

// Package container makes and reads the archives that fill a reservation:
// .tar.xz files of exactly the size that was asked for, whose first member is
// a text that can be found and read in whatever carries them.
//
// An archive is one xz stream of
//
//	a stored block     the tar member .kheaders-stamp, the marker
//	content blocks     tar members, and no end of archive
//	a stored block     zeros up to the capacity, 1024 bytes or more
//
// The zeros are the end of the tar archive. That they lie inside the stream,
// and not after it as stream padding, is what busybox, zstd and Python's lzma
// ask for.
package container

import (
	"bytes"
	"fmt"
	"io"

	"github.com/rules-kheaders/rules_kheaders/internal/archive/xz"
)

// MaxCapacity is the largest capacity, in bytes, that is written or read.
// Reserved space is kernel memory; an archive of headers takes 4 to 9 MiB.
const MaxCapacity = 256 << 20

// Archive is a stamped archive or a placeholder.
type Archive struct {
	Marker Marker
	// Content holds tar members and no end of archive. What a block decodes
	// to may end anywhere; all of them together end with a member.
	Content []xz.Block
}

// CapacityError says that an archive does not fit.
type CapacityError struct {
	Need int64 // the smallest capacity that would do, in bytes
	Have int64 // the capacity given, in bytes
}

func (e *CapacityError) Error() string {
	return fmt.Sprintf("archive needs %d bytes and the capacity is %d: set the capacity to %d or more", e.Need, e.Have, e.Need)
}

// MinSize returns the smallest capacity in bytes that the archive fits in, a
// multiple of 4. Every larger multiple of 4 fits exactly.
func (a *Archive) MinSize() int64 {
	return fill{zeros: minFill}.stream(a.blocks(Marker{}))
}

// blocks returns all blocks but the fill; the marker's size is always the same.
func (a *Archive) blocks(m Marker) []xz.Block {
	return append([]xz.Block{xz.Stored(m.member())}, a.Content...)
}

// Fitted is an archive in a capacity, ready to be written.
type Fitted struct {
	Marker Marker
	blocks []xz.Block
}

// Fit returns the archive in exactly capacity bytes. Version, Capacity and
// Used of the marker are set on the way; a itself stays as it is. Too small a
// capacity is a [*CapacityError]. The content is taken as it is: it should be
// that of an archive that was read, or else Bytes is the way.
func (a *Archive) Fit(capacity int64) (*Fitted, error) {
	f, err := a.fit(capacity)
	if err != nil {
		return nil, fmt.Errorf("make archive: %w", err)
	}
	return f, nil
}

func (a *Archive) fit(capacity int64) (*Fitted, error) {
	if capacity%4 != 0 || capacity < 0 || capacity > MaxCapacity {
		return nil, fmt.Errorf("capacity is %d: expected a multiple of 4 up to %d", capacity, MaxCapacity)
	}
	m := a.Marker
	m.Version, m.Capacity, m.Used = Version, capacity, a.MinSize()
	if m.Used > capacity {
		return nil, &CapacityError{Need: m.Used, Have: capacity}
	}
	if err := m.check(); err != nil {
		return nil, err
	}
	blocks := a.blocks(m)
	f, err := planFill(blocks, capacity)
	if err != nil {
		return nil, err
	}
	return &Fitted{m, append(blocks, f.block())}, nil
}

// WriteStream writes the archive, in pieces of at most 32 KiB where its
// content is in a file.
func (f *Fitted) WriteStream(w io.Writer) error { return xz.WriteStream(w, f.blocks) }

// Bytes returns the archive in exactly capacity bytes, as Fit does, if it is
// one that Parse takes.
func (a *Archive) Bytes(capacity int64) ([]byte, error) {
	f, err := a.Fit(capacity)
	if err != nil {
		return nil, err
	}
	out := bytes.NewBuffer(make([]byte, 0, capacity))
	if err := f.WriteStream(out); err != nil {
		return nil, fmt.Errorf("make archive: %w", err)
	}
	// What could not be read is not written either.
	if _, err := read(xz.Bytes(out.Bytes()), capacity); err != nil {
		return nil, fmt.Errorf("make archive: %w", err)
	}
	return out.Bytes(), nil
}

// ContentSize returns the decoded size of the content in bytes.
func (a *Archive) ContentSize() (n int64) {
	for _, b := range a.Content {
		n += b.Uncompressed
	}
	return n
}

// TarSize returns the size in bytes of what Tar returns.
func (a *Archive) TarSize() int64 { return markerSize + a.ContentSize() + minFill }
