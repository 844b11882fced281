// SPDX-License-Identifier: Apache-2.0

package carriertest

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/internal/archive/container"
	"github.com/rules-kheaders/rules_kheaders/internal/archive/xz"
)

// Release is the release of archives and kernels made here, unless said.
const Release = "6.1.0-test"

// Archive returns a stamped archive whose content blocks hold one member each.
func Archive(t testing.TB, release string, members ...tar.Header) *container.Archive {
	t.Helper()
	a := &container.Archive{Marker: container.Marker{Stamped: true, Release: release, Members: len(members)}}
	digest := sha256.New()
	for _, hdr := range members {
		p := Member(t, hdr)
		digest.Write(p)
		a.Content = append(a.Content, xz.Stored(p))
	}
	digest.Sum(a.Marker.Content[:0])
	return a
}

// Member returns a tar member, without the end of the archive. A regular file
// holds its own name, repeated up to hdr.Size bytes.
func Member(t testing.TB, hdr tar.Header) []byte {
	t.Helper()
	if hdr.Mode == 0 {
		hdr.Mode = 0o644
	}
	if hdr.Typeflag == 0 {
		hdr.Typeflag = tar.TypeReg
	}
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	if err := w.WriteHeader(&hdr); err != nil {
		t.Fatalf("write member %s: %v", hdr.Name, err)
	}
	if hdr.Typeflag == tar.TypeReg {
		if _, err := w.Write(Content(hdr.Name, hdr.Size)); err != nil {
			t.Fatalf("write member %s: %v", hdr.Name, err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatalf("write member %s: %v", hdr.Name, err)
	}
	return buf.Bytes()
}

// Content is what Member puts into a regular file.
func Content(name string, size int64) []byte {
	return bytes.Repeat([]byte(name), int(size)/len(name)+1)[:size]
}

// Bytes returns the archive in exactly capacity bytes.
func Bytes(t testing.TB, a *container.Archive, capacity int64) []byte {
	t.Helper()
	p, err := a.Bytes(capacity)
	if err != nil {
		t.Fatalf("make archive of %d bytes: %v", capacity, err)
	}
	return p
}

// Placeholder returns a placeholder of exactly capacity bytes.
func Placeholder(t testing.TB, capacity int64) []byte {
	t.Helper()
	p, err := container.Placeholder(capacity)
	if err != nil {
		t.Fatalf("make placeholder of %d bytes: %v", capacity, err)
	}
	return p
}
