// SPDX-License-Identifier: Apache-2.0

// Package ustar writes members of tar archives that have the same bytes on every
// machine.
package ustar

import (
	"fmt"
	"strings"
)

const (
	// BlockSize is the unit of a tar archive, in bytes.
	BlockSize = 512
	// MaxEpoch is the latest date that fits the header's 11 octal digits.
	MaxEpoch = 1<<33 - 1
)

// A Member is one file of the archive.
type Member struct {
	Name    string
	Mode    uint32 // 0644 or 0755
	Content []byte
}

// Size is what the member takes in the tar archive, in bytes.
func (m Member) Size() int64 {
	return BlockSize + (int64(len(m.Content))+BlockSize-1)/BlockSize*BlockSize
}

// AppendTo appends the member as it stands in the tar archive.
func (m Member) AppendTo(dst []byte, epoch int64) ([]byte, error) {
	dst, err := m.AppendHeader(dst, epoch)
	if err != nil {
		return nil, err
	}
	dst = append(dst, m.Content...)
	return append(dst, m.Padding()...), nil
}

// Padding is what fills the content's last block.
func (m Member) Padding() []byte { return zeros[:-len(m.Content)&(BlockSize-1)] }

var zeros [BlockSize]byte

// AppendHeader appends a member's ustar header (POSIX.1-2017, pax, "ustar
// Interchange Format"). All that could differ between two machines is decided
// here, and by nothing else:
//
//	mode    0644, or 0755 for a program: by content, as Bazel loses modes
//	owner   0:0, without names: a build's user means nothing elsewhere
//	mtime   the epoch given: a file's own is the time of its checkout
//	type    a regular file: links are followed, directories implied
//	device  zeros, as GNU tar has them for files
func (m Member) AppendHeader(dst []byte, epoch int64) ([]byte, error) {
	prefix, name, err := SplitName(m.Name)
	if err != nil {
		return nil, err
	}
	at := len(dst)
	dst = append(dst, zeros[:]...)
	h := dst[at:]
	copy(h[0:100], name)
	copy(h[100:108], fmt.Sprintf("%07o\x00", m.Mode))
	copy(h[108:116], "0000000\x00")
	copy(h[116:124], "0000000\x00")
	copy(h[124:136], fmt.Sprintf("%011o\x00", len(m.Content)))
	copy(h[136:148], fmt.Sprintf("%011o\x00", epoch))
	copy(h[148:156], "        ") // the checksum is taken with blanks in its place
	h[156] = '0'
	copy(h[257:265], "ustar\x0000")
	copy(h[345:500], prefix)
	sum := 0
	for _, c := range h {
		sum += int(c)
	}
	copy(h[148:156], fmt.Sprintf("%06o\x00 ", sum))
	return dst, nil
}

// SplitName divides a name into ustar's prefix, of up to 155 bytes, and name,
// of up to 100.
func SplitName(full string) (prefix, name string, err error) {
	const maxPrefix, maxName = 155, 100
	if len(full) <= maxName {
		return "", full, nil
	}
	if i := strings.LastIndexByte(full[:min(len(full), maxPrefix+1)], '/'); i > 0 && len(full)-i-1 <= maxName && i+1 < len(full) {
		return full[:i], full[i+1:], nil
	}
	return "", "", fmt.Errorf("member name %q is too long for a ustar archive, expected up to %d bytes, or up to %d with a slash between", full, maxName, maxPrefix+1+maxName)
}
