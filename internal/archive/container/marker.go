// SPDX-License-Identifier: Apache-2.0

package container

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

const (
	// Magic is the first word of the marker text.
	Magic = "kheaders-reservation"
	// MemberName is the name of the tar member that holds the marker text.
	MemberName = ".kheaders-stamp"
	// Version is the version of the format that this package writes and reads.
	Version = 1

	// maxRelease is the size in bytes of the longest kernel release: the top
	// Makefile's uts_len, by which a build fails.
	maxRelease = 64
	// noRelease stands for a placeholder's empty release in the text.
	noRelease = "-"

	stateStamped     = "stamped"
	statePlaceholder = "placeholder"
)

// Marker is what the text at the beginning of a reservation says.
type Marker struct {
	// Version is the format's version. Bytes always writes [Version].
	Version int
	// Stamped is false for a placeholder.
	Stamped bool
	// Capacity is the size of the reservation, and so of the archive, in
	// bytes. Bytes sets it.
	Capacity int64
	// Used is how many bytes of Capacity the archive needs; the rest is fill.
	// Bytes sets it to MinSize.
	Used int64
	// Release is the kernel release, as uname -r prints it; empty only in a
	// placeholder.
	Release string
	// Members counts the tar members of the content; the marker is not one of
	// them.
	Members int
	// Content is the SHA-256 of the decoded content blocks.
	Content [32]byte
}

// text returns the marker as lines of "key value", without padding.
func (m Marker) text() []byte {
	state, release := statePlaceholder, m.Release
	if m.Stamped {
		state = stateStamped
	}
	if release == "" {
		release = noRelease
	}
	return fmt.Appendf(nil, "%s %d\nstate %s\ncapacity %d\nused %d\nrelease %s\nmembers %d\nsha256 %x\n",
		Magic, m.Version, state, m.Capacity, m.Used, release, m.Members, m.Content)
}

// parseText reads what text writes, and nothing that text would write
// differently.
func parseText(text []byte) (Marker, error) {
	var m Marker
	rest := string(text)
	line := func(key string) string {
		var s string
		s, rest, _ = strings.Cut(rest, "\n")
		if value, ok := strings.CutPrefix(s, key+" "); ok {
			return value
		}
		return ""
	}
	number := func(s string) int64 {
		n, _ := strconv.ParseInt(s, 10, 64)
		return n
	}
	version := line(Magic)
	// A later format may differ in every other line.
	if m.Version = int(number(version)); m.Version != Version {
		return Marker{}, fmt.Errorf("marker has version %.20q: expected %d; a newer patcher may know it", version, Version)
	}
	m.Stamped = line("state") == stateStamped
	m.Capacity = number(line("capacity"))
	m.Used = number(line("used"))
	if m.Release = line("release"); m.Release == noRelease {
		m.Release = ""
	}
	m.Members = int(number(line("members")))
	digest, _ := hex.DecodeString(line("sha256"))
	copy(m.Content[:], digest)

	// Whatever was left out, misspelt or added above shows here.
	if !bytes.Equal(m.text(), text) {
		return Marker{}, errors.New("marker text is malformed: expected the lines version, state, capacity, used, release, members, sha256")
	}
	if err := m.check(); err != nil {
		return Marker{}, err
	}
	return m, nil
}

// check reports fields that a marker cannot have.
func (m Marker) check() error {
	switch {
	case m.Capacity < 0 || m.Capacity > MaxCapacity || m.Capacity%4 != 0:
		return fmt.Errorf("capacity is %d: expected a multiple of 4 up to %d", m.Capacity, MaxCapacity)
	case m.Used < 0 || m.Used > m.Capacity:
		return fmt.Errorf("used is %d: expected at most the capacity, %d", m.Used, m.Capacity)
	case m.Members < 0:
		return fmt.Errorf("members is %d: expected none or more", m.Members)
	}
	if m.Release == "" && !m.Stamped {
		return nil
	}
	return CheckRelease(m.Release)
}

// CheckRelease fails for what cannot be a kernel's release in a marker.
func CheckRelease(release string) error {
	if release == "" {
		return errors.New("kernel release is empty: expected what include/config/kernel.release says")
	}
	if release == noRelease || len(release) > maxRelease {
		return fmt.Errorf("kernel release is %.140q, %d characters: expected at most %d, as the kernel's own build allows, such as 6.1.0", release, len(release), maxRelease)
	}
	for _, c := range []byte(release) {
		if c <= ' ' || c >= 0x7f {
			return fmt.Errorf("kernel release is %q: expected printable characters without blanks, such as 6.1.0", release)
		}
	}
	return nil
}
