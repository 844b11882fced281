// SPDX-License-Identifier: Apache-2.0

package container

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"

	"github.com/rules-kheaders/rules_kheaders/internal/archive/ustar"
	"github.com/rules-kheaders/rules_kheaders/internal/archive/xz"
)

// Parse reads an archive that Bytes wrote; p is the whole reservation. It
// accepts nothing that Bytes would write differently, and decodes none of the
// content: that is for Verify. The content is part of p.
func Parse(p []byte) (*Archive, error) { return Read(xz.Bytes(p), int64(len(p))) }

// Read is Parse of a file of size bytes, in pieces of at most 64 KiB: the
// content is left where it is. A file that cannot be read is a
// [*xz.ReadError].
func Read(r io.ReaderAt, size int64) (*Archive, error) {
	a, err := read(r, size)
	if err != nil {
		return nil, fmt.Errorf("parse archive: %w", err)
	}
	return a, nil
}

// Peek is Read of an archive that is to be replaced as a whole: the zeros of
// its fill, most of a placeholder, are not compared.
func Peek(r io.ReaderAt, size int64) (*Archive, error) {
	a, _, _, err := peek(r, size)
	if err != nil {
		return nil, fmt.Errorf("parse archive: %w", err)
	}
	return a, nil
}

func read(r io.ReaderAt, size int64) (*Archive, error) {
	a, plan, zeros, err := peek(r, size)
	if err != nil {
		return nil, err
	}
	if same, err := plan.is(zeros); !same || err != nil {
		return nil, cmp.Or(err, errFill)
	}
	return a, nil
}

var errFill = errors.New("fill is not the one that belongs to the capacity")

// peek also returns what the data of the last block, which is not read, has to
// be, and that data.
func peek(r io.ReaderAt, size int64) (a *Archive, plan fill, zeros xz.Data, err error) {
	blocks, err := xz.ReadStream(r, size)
	if err != nil {
		return nil, plan, nil, err
	}
	if len(blocks) < 2 {
		return nil, plan, nil, errNoMarker
	}
	m, err := readMarker(blocks[0])
	if err != nil {
		return nil, plan, nil, err
	}
	last := blocks[len(blocks)-1]
	a = &Archive{Marker: m, Content: blocks[1 : len(blocks)-1]}
	if m.Capacity != size {
		err = fmt.Errorf("marker gives a capacity of %d bytes: it has %d", m.Capacity, size)
	} else if m.Used != a.MinSize() {
		err = fmt.Errorf("marker gives %d bytes as used: it uses %d", m.Used, a.MinSize())
	} else if n := a.ContentSize(); n%ustar.BlockSize != 0 {
		err = fmt.Errorf("content is %d bytes: expected tar members, a multiple of %d", n, ustar.BlockSize)
	} else if plan, err = planFill(blocks[:len(blocks)-1], m.Capacity); err == nil && !sameHeader(last, plan.block()) {
		err = errFill
	}
	return a, plan, last.LZMA2, err
}

var errNoMarker = errors.New("it does not begin with a marker: expected an archive that packer made")

// readMarker reads the first block.
func readMarker(b xz.Block) (Marker, error) {
	stored := make([]byte, xz.StoredSize(markerSize))
	if b.LZMA2.Size() != int64(len(stored)) {
		return Marker{}, errNoMarker
	}
	if err := xz.ReadFull(b.LZMA2, stored, 0); err != nil {
		return Marker{}, err
	}
	m, err := parseMember(stored[storedHeader:][:markerSize])
	if err != nil {
		return Marker{}, err
	}
	if want := xz.Stored(m.member()); !sameHeader(b, want) || !bytes.Equal(stored, want.LZMA2.(xz.Bytes)) {
		return Marker{}, errors.New("marker is damaged: its block is not the one that stores its text")
	}
	return m, nil
}

// sameHeader says whether two blocks are the same but for their data.
func sameHeader(a, b xz.Block) bool {
	return a.LZMA2.Size() == b.LZMA2.Size() && a.Uncompressed == b.Uncompressed &&
		a.CRC32 == b.CRC32 && a.DictProp == b.DictProp && a.Padding == b.Padding
}
