// SPDX-License-Identifier: Apache-2.0

package container

import (
	"bytes"
	"errors"

	"github.com/rules-kheaders/rules_kheaders/internal/archive/ustar"
	"github.com/rules-kheaders/rules_kheaders/internal/archive/xz"
)

const (
	// markerSize is the decoded size in bytes of the first block: a tar
	// header, and the marker's text with tar's own padding.
	markerSize = 2 * ustar.BlockSize
	// storedHeader is the size in bytes of the header of a stored LZMA2 chunk.
	storedHeader = 3
)

// tarMember returns a member that all can read, dated 0, padded to a multiple of
// 512 bytes. Read compares its header byte for byte for as long as there are
// archives.
func tarMember(name string, content []byte) []byte {
	p, err := ustar.Member{Name: name, Mode: 0o644, Content: content}.AppendTo(nil, 0)
	if err != nil {
		panic(err) // the names are ours
	}
	return p
}

// member returns the decoded first block.
func (m Marker) member() []byte { return tarMember(MemberName, m.text()) }

// parseMember reads the decoded first block.
func parseMember(p []byte) (Marker, error) {
	if len(p) != markerSize || !bytes.HasPrefix(p[ustar.BlockSize:], []byte(Magic+" ")) {
		return Marker{}, errors.New("it does not begin with a marker")
	}
	m, err := parseText(bytes.TrimRight(p[ustar.BlockSize:], "\x00"))
	if err != nil {
		return Marker{}, err
	}
	if !bytes.Equal(m.member(), p) {
		return Marker{}, errors.New("tar header of the marker is malformed")
	}
	return m, nil
}

// markerStart is where the decoded first block begins in an archive: after
// the stream header, the header of a block that always has the same sizes, and
// the header of a stored chunk.
var markerStart = len(markerPrefix())

// markerPrefix returns the bytes that every archive begins with, up to the
// marker's tar header.
func markerPrefix() []byte {
	first := xz.Stored(make([]byte, markerSize))
	stream := xz.AppendStream(nil, []xz.Block{first})
	at := bytes.Index(stream, first.LZMA2.(xz.Bytes))
	return stream[:at+storedHeader]
}
