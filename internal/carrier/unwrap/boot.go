// SPDX-License-Identifier: Apache-2.0

package unwrap

import (
	"encoding/binary"
	"fmt"
	"io"
)

// header reads the first n bytes.
func header(r *io.SectionReader, n int) ([]byte, error) {
	p := make([]byte, n)
	if _, err := io.ReadFull(io.NewSectionReader(r, 0, r.Size()), p); err != nil {
		return nil, fmt.Errorf("header of %d bytes: %w", n, err)
	}
	return p, nil
}

// part returns the size bytes at off.
func part(r *io.SectionReader, off, size int64) (*io.SectionReader, error) {
	if off > r.Size() || size > r.Size()-off || size <= 0 {
		return nil, fmt.Errorf("kernel of %d bytes at offset %d is not in the file of %d bytes: truncated file", size, off, r.Size())
	}
	return io.NewSectionReader(r, off, size), nil
}

// sizeWord is what Kbuild appends to a compressed kernel: the size before
// compression, little endian (linux/scripts/Makefile.lib, size_append). gzip
// has that in its own format and ends before it in any case.
const sizeWord = 4

// compressed returns a compressed kernel without the size word behind it.
func compressed(r *io.SectionReader, off, size int64) (*io.SectionReader, error) {
	p, err := part(r, off, size)
	if err != nil {
		return nil, err
	}
	var magic [2]byte
	if _, err := p.ReadAt(magic[:], 0); err != nil {
		return nil, err
	}
	if magic != [2]byte{0x1f, 0x8b} {
		return part(r, off, size-sizeWord)
	}
	return p, nil
}

// bzImage finds the payload by the boot header
// (linux/Documentation/arch/x86/boot.rst: setup_sects, version,
// payload_offset, payload_length).
func bzImage(r *io.SectionReader) (*io.SectionReader, error) {
	h, err := header(r, 0x250)
	if err != nil {
		return nil, err
	}
	if v := binary.LittleEndian.Uint16(h[0x206:]); v < 0x208 {
		return nil, fmt.Errorf("boot protocol is %d.%02d: expected 2.08 or later, as since Linux 2.6.26", v>>8, v&0xff)
	}
	setup := int64(h[0x1f1])
	if setup == 0 {
		setup = 4
	}
	off := (setup+1)*512 + int64(binary.LittleEndian.Uint32(h[0x248:]))
	return compressed(r, off, int64(binary.LittleEndian.Uint32(h[0x24c:])))
}

// zboot finds the payload by the header of
// linux/drivers/firmware/efi/libstub/zboot-header.S, whose size leaves the size
// word out.
func zboot(r *io.SectionReader) (*io.SectionReader, error) {
	h, err := header(r, 16)
	if err != nil {
		return nil, err
	}
	return part(r, int64(binary.LittleEndian.Uint32(h[8:])), int64(binary.LittleEndian.Uint32(h[12:])))
}

// androidBoot finds the kernel in a boot image of header version 0 to 4
// (android/system/tools/mkbootimg/include/bootimg/bootimg.h). It is on the page
// after the header's; from version 3 on, a page has 4096 bytes.
func androidBoot(r *io.SectionReader) (*io.SectionReader, error) {
	h, err := header(r, 44)
	if err != nil {
		return nil, err
	}
	page := int64(4096)
	if v := binary.LittleEndian.Uint32(h[40:]); v < 3 || v > 4 {
		// Version 0 has something else in the version's place.
		page = int64(binary.LittleEndian.Uint32(h[36:]))
	}
	return part(r, page, int64(binary.LittleEndian.Uint32(h[8:])))
}

// uImage skips the header of u-boot/include/image.h; sizes are big endian.
func uImage(r *io.SectionReader) (*io.SectionReader, error) {
	h, err := header(r, 64)
	if err != nil {
		return nil, err
	}
	return part(r, 64, int64(binary.BigEndian.Uint32(h[12:])))
}
