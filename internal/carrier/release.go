// SPDX-License-Identifier: Apache-2.0

package carrier

import (
	"bytes"
	"debug/elf"
	"errors"
	"io"
)

const (
	// bannerSymbol is a string "Linux version RELEASE (USER@HOST) ..."
	// (linux/init/version.c).
	bannerSymbol = "linux_banner"
	banner       = "Linux version "
	// A release is what uname -r prints: at most 64 bytes
	// (linux/include/uapi/linux/utsname.h, __NEW_UTS_LEN).
	maxRelease = 64
)

// release returns the kernel release that the file was built as, or "": from
// linux_banner in a vmlinux, from "vermagic=" in .modinfo in a module
// (linux/include/linux/vermagic.h). It does not fail: a file need not say it.
func (f *elfFile) release(symbols map[string]symbol) string {
	if sym, ok := symbols[bannerSymbol]; ok {
		s, err := f.plainSection(sym.section)
		at := sym.value
		if f.etype != elf.ET_REL {
			at -= s.addr
		}
		if err == nil && at < uint64(s.size) {
			p := make([]byte, min(s.size-int64(at), int64(len(banner)+maxRelease+1)))
			if readFull(f.r, p, s.off+int64(at)) == nil && bytes.HasPrefix(p, []byte(banner)) {
				return word(p[len(banner):])
			}
		}
	}
	if f.etype != elf.ET_REL {
		return ""
	}
	info, n, err := f.sectionNamed(".modinfo")
	if err != nil || n != 1 {
		return ""
	}
	s, err := f.plainSection(info)
	if err != nil {
		return ""
	}
	p := make([]byte, min(s.size, window))
	if readFull(f.r, p, s.off) != nil {
		return ""
	}
	for _, entry := range bytes.Split(p, []byte{0}) {
		if magic, ok := bytes.CutPrefix(entry, []byte("vermagic=")); ok {
			return word(magic)
		}
	}
	return ""
}

// word returns the printable ASCII up to the first blank, or "" if that is no
// release.
func word(p []byte) string {
	for i, c := range p {
		if c == ' ' {
			if i == 0 || i > maxRelease {
				return ""
			}
			return string(p[:i])
		}
		if c <= ' ' || c > '~' {
			return ""
		}
	}
	return ""
}

// errFound ends a search.
var errFound = errors.New("found")

// ScanRelease looks for the banner in a file without symbols, a raw Image, and
// returns the release in it, or "".
func ScanRelease(r io.ReaderAt, size int64) string {
	var release string
	_ = search(r, 0, size, []byte(banner), func(at int64) error {
		p := make([]byte, min(size-at-int64(len(banner)), maxRelease+2))
		if readFull(r, p, at+int64(len(banner))) != nil || len(p) == 0 || p[0] < '0' || p[0] > '9' {
			return nil // "Linux version %s" and other text
		}
		found := word(p)
		if found == "" || !bytes.HasPrefix(p[len(found):], []byte(" (")) {
			return nil // "Linux version 2.6.32 or later"
		}
		release = found
		return errFound
	})
	return release
}
