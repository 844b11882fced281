// SPDX-License-Identifier: Apache-2.0

package container

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/rules-kheaders/rules_kheaders/internal/archive/xz"
)

const (
	tarBlock = 512 // bytes; the unit of a tar archive
	// markerSize is the decoded size in bytes of the first block: a tar
	// header, and the marker's text with tar's own padding.
	markerSize = 2 * tarBlock
	// storedHeader is the size in bytes of the header of a stored LZMA2 chunk.
	storedHeader = 3
)

// tarHeader returns the ustar header (POSIX.1-2017, pax, "ustar Interchange
// Format") of a regular file, readable by all, owned by 0:0 and dated 0. It is
// written out here, not by archive/tar, because Read compares it byte for
// byte for as long as there are archives.
func tarHeader(name string, size int) []byte {
	h := make([]byte, tarBlock)
	copy(h[0:100], name)
	copy(h[100:], "0000644\x00")
	copy(h[108:], "0000000\x00")
	copy(h[116:], "0000000\x00")
	copy(h[124:], fmt.Sprintf("%011o\x00", size))
	copy(h[136:], "00000000000\x00")
	copy(h[148:], "        ")
	h[156] = '0'
	copy(h[257:], "ustar\x0000")
	sum := 0
	for _, c := range h {
		sum += int(c)
	}
	copy(h[148:], fmt.Sprintf("%06o\x00 ", sum))
	return h
}

// tarMember returns a member, padded to a multiple of 512 bytes.
func tarMember(name string, content []byte) []byte {
	padded := make([]byte, (len(content)+tarBlock-1)/tarBlock*tarBlock)
	copy(padded, content)
	return append(tarHeader(name, len(content)), padded...)
}

// member returns the decoded first block.
func (m Marker) member() []byte { return tarMember(MemberName, m.text()) }

// parseMember reads the decoded first block.
func parseMember(p []byte) (Marker, error) {
	if len(p) != markerSize || !bytes.HasPrefix(p[tarBlock:], []byte(Magic+" ")) {
		return Marker{}, errors.New("it does not begin with a marker")
	}
	m, err := parseText(bytes.TrimRight(p[tarBlock:], "\x00"))
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
