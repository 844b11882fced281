// SPDX-License-Identifier: Apache-2.0

// Package bootimage puts another kernel into an Android boot image, by AOSP's
// own programs, and checks that nothing else has changed.
package bootimage

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// A header is what a boot image says of itself
// (android/system/tools/mkbootimg/include/bootimg/bootimg.h).
type header struct {
	version   uint32
	fields    []field // all that a new kernel must leave as it is
	parts     []part  // in the order of the file
	signature uint32  // bytes of the boot signature, version 4
}

// field is a number or a text of the header.
type field struct {
	name  string
	value string
}

// part is what follows the header: the kernel first.
type part struct {
	name         string
	offset, size int64
}

const (
	magic        = "ANDROID!"
	minVersion   = 2
	maxVersion   = 4
	pageV3       = 4096 // from version 3 on
	maxPage      = 1 << 17
	headerLength = 1660 // of version 2, the longest
)

// readHeader reads the header of a file of size bytes.
func readHeader(r io.ReaderAt, size int64) (*header, error) {
	p := make([]byte, headerLength)
	if _, err := r.ReadAt(p, 0); err != nil {
		if errors.Is(err, io.EOF) {
			err = fmt.Errorf("it has %d bytes", size)
		}
		return nil, fmt.Errorf("read boot image: %w; expected a header of version %d to %d", err, minVersion, maxVersion)
	}
	if string(p[:8]) != magic {
		return nil, fmt.Errorf("read boot image: it begins with %q, expected %q", p[:8], magic)
	}
	h := &header{version: number(p, 40)}
	switch h.version {
	case 2:
		return h, h.read2(p, size)
	case 3, 4:
		return h, h.read3(p, size)
	}
	return nil, fmt.Errorf("read boot image: its header is of version %d, expected %d to %d", h.version, minVersion, maxVersion)
}

func number(p []byte, at int) uint32 { return binary.LittleEndian.Uint32(p[at:]) }

func (h *header) add(name string, p []byte, at, n int) {
	h.fields = append(h.fields, field{name, fmt.Sprintf("%x", p[at:at+n])})
}

// read2 reads version 2: boot_img_hdr_v2.
func (h *header) read2(p []byte, size int64) error {
	page := number(p, 36)
	if page < 2048 || page > maxPage || page&(page-1) != 0 {
		return fmt.Errorf("read boot image: its pages have %d bytes, expected a power of two from 2048 to %d", page, maxPage)
	}
	h.add("kernel_addr", p, 12, 4)
	h.add("ramdisk_size", p, 16, 4)
	h.add("second_size", p, 24, 4)
	// mkbootimg gives no address to what is not there.
	if number(p, 16) > 0 {
		h.add("ramdisk_addr", p, 20, 4)
	}
	if number(p, 24) > 0 {
		h.add("second_addr", p, 28, 4)
	}
	h.add("tags_addr", p, 32, 4)
	h.add("page_size", p, 36, 4)
	h.add("header_version", p, 40, 4)
	h.add("os_version", p, 44, 4)
	h.add("name", p, 48, 16)
	// The id, 32 bytes at 576, is a digest of the parts and the kernel's with them.
	h.fields = append(h.fields, field{"cmdline", text(p[64:576]) + text(p[608:1632])})
	h.add("recovery_dtbo_size", p, 1632, 4)
	h.add("header_size", p, 1644, 4)
	h.add("dtb_size", p, 1648, 4)
	h.add("dtb_addr", p, 1652, 8)
	return h.place(size, int64(page), map[string]uint32{
		"kernel": number(p, 8), "ramdisk": number(p, 16), "second": number(p, 24), "recovery_dtbo": number(p, 1632), "dtb": number(p, 1648),
	})
}

// read3 reads versions 3 and 4: boot_img_hdr_v3, boot_img_hdr_v4.
func (h *header) read3(p []byte, size int64) error {
	h.add("ramdisk_size", p, 12, 4)
	h.add("os_version", p, 16, 4)
	h.add("header_size", p, 20, 4)
	h.add("reserved", p, 24, 16)
	h.add("header_version", p, 40, 4)
	h.fields = append(h.fields, field{"cmdline", text(p[44:1580])})
	if h.version == 4 {
		h.signature = number(p, 1580)
	}
	return h.place(size, pageV3, map[string]uint32{"kernel": number(p, 8), "ramdisk": number(p, 12)})
}

// text is a string up to its NUL.
func text(p []byte) string {
	for i, c := range p {
		if c == 0 {
			return string(p[:i])
		}
	}
	return string(p)
}

// place finds the parts, each of which begins on a page.
func (h *header) place(size, page int64, sizes map[string]uint32) error {
	at := page
	for _, name := range []string{"kernel", "ramdisk", "second", "recovery_dtbo", "dtb"} {
		n := int64(sizes[name])
		if at+n > size {
			return fmt.Errorf("read boot image: its %s ends at byte %d, and the file has %d: truncated file", name, at+n, size)
		}
		h.parts = append(h.parts, part{name, at, n})
		at += (n + page - 1) / page * page
	}
	if h.parts[0].size == 0 {
		return errors.New("read boot image: it has no kernel; expected boot.img, and not init_boot.img or vendor_boot.img")
	}
	return nil
}
