// SPDX-License-Identifier: Apache-2.0

// Package format tells from its first bytes what a file is that may be a carrier or
// may wrap one.
package format

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// Probe is how much of a file's start tells what it is, in bytes; the farthest magic
// is x86's "HdrS" at 0x202.
const Probe = 1024

// Format is what a file is, by its first bytes.
type Format string

// The formats. Those of flat kernels are in Flat, those that wrap others in Wrapped.
const (
	Unknown Format = "" // or a flat kernel without a magic

	ELF Format = "ELF"

	ImageARM64     Format = "raw Image arm64"
	ImageRISCV     Format = "raw Image riscv"
	ImageLoongArch Format = "raw Image loongarch"

	BzImage     Format = "x86 bzImage"
	Zboot       Format = "EFI zboot image"
	ZImageARM   Format = "arm zImage"
	AndroidBoot Format = "Android boot image"
	VendorBoot  Format = "Android vendor_boot image"
	UImage      Format = "U-Boot uImage"
	FIT         Format = "U-Boot FIT image"

	Gzip      Format = "gzip"
	Xz        Format = "xz"
	Zstd      Format = "zstd"
	LZ4       Format = "lz4"
	LZ4Legacy Format = "lz4 (legacy frame)"
	Bzip2     Format = "bzip2"
	Lzop      Format = "lzop"
	LZMA      Format = "lzma"
	Skippable Format = "zstd or lz4" // a frame that both skip
)

// Flat says whether a format is a flat kernel.
func (f Format) Flat() bool {
	return f == Unknown || f == ImageARM64 || f == ImageRISCV || f == ImageLoongArch
}

// A rule is a magic and where it is. Check, if there is one, looks at more of a header
// whose magic is short.
type rule struct {
	format Format
	at     int
	magic  string
	check  func(head []byte) bool
}

// rules are in the order of trial. Some files have the magic of two formats: the one
// that comes first in the file decides, because a flat kernel begins with code, and
// what follows a compressed file's header is data. LINUX_PE_MAGIC alone is shared:
// all kernels that are EFI programs have it (linux/include/linux/pe.h), LoongArch's
// no other. So it is last.
var rules = []rule{
	{ELF, 0, "\x7fELF", nil},
	// android/system/tools/mkbootimg/include/bootimg/bootimg.h
	{AndroidBoot, 0, "ANDROID!", nil},
	{VendorBoot, 0, "VNDRBOOT", nil},
	// u-boot/include/image.h; flattened device tree, u-boot's FIT
	{UImage, 0, "\x27\x05\x19\x56", nil},
	{FIT, 0, "\xd0\x0d\xfe\xed", nil},
	// What linux/scripts/Makefile.lib compresses with.
	{Xz, 0, "\xfd7zXZ\x00", nil},
	{Zstd, 0, "\x28\xb5\x2f\xfd", nil},
	{LZ4Legacy, 0, "\x02\x21\x4c\x18", nil},
	{LZ4, 0, "\x04\x22\x4d\x18", nil},
	{Lzop, 0, "\x89LZO\x00\r\n\x1a\n", nil},
	{Bzip2, 0, "BZh", isBzip2},
	{Gzip, 0, "\x1f\x8b", isGzip},
	{LZMA, 0, "\x5d\x00\x00", isLZMA},
	{Skippable, 1, "\x2a\x4d\x18", func(head []byte) bool { return head[0]>>4 == 5 }}, // RFC 8878, 3.1.2
	// linux/drivers/firmware/efi/libstub/zboot-header.S
	{Zboot, 4, "zimg", func(head []byte) bool { return strings.HasPrefix(string(head), "MZ") }},
	// linux/arch/arm/boot/compressed/head.S, either byte order
	{ZImageARM, 0x24, "\x18\x28\x6f\x01", nil},
	{ZImageARM, 0x24, "\x01\x6f\x28\x18", nil},
	{ImageARM64, 0x38, "ARM\x64", nil}, // linux/Documentation/arch/arm64/booting.rst
	{ImageRISCV, 0x38, "RSC\x05", nil}, // linux/arch/riscv/include/asm/image.h
	{BzImage, 0x202, "HdrS", nil},      // linux/Documentation/arch/x86/boot.rst
	{ImageLoongArch, 0x38, "\xcd\x23\x82\x81", isLoongArch},
}

// Of tells what a file is that begins with head: Probe bytes of it, or all.
func Of(head []byte) Format {
	for _, r := range rules {
		if len(head) >= r.at && bytes.HasPrefix(head[r.at:], []byte(r.magic)) && (r.check == nil || r.check(head)) {
			return r.format
		}
	}
	return Unknown
}

// isBzip2 wants the level.
func isBzip2(head []byte) bool { return len(head) > 3 && head[3] >= '1' && head[3] <= '9' }

// isGzip wants no header of an arm64 Image, which may begin with a branch that looks so.
func isGzip(head []byte) bool { return !isARM64(head) }

// isLZMA wants a dictionary as an encoder makes it, 2^n or 2^n + 2^(n-1) bytes, and a
// size below 256 GiB or none, as liblzma's alone_decoder.c does. A branch at the start of an
// arm64 Image begins with the same three bytes.
func isLZMA(head []byte) bool {
	if len(head) < 13 {
		return true
	}
	dict := binary.LittleEndian.Uint32(head[1:])
	power := dict & -dict
	size := binary.LittleEndian.Uint64(head[5:])
	return (dict == power || dict == power*3 || dict == 1<<32-1) && (size < 1<<38 || size == 1<<64-1) && !isARM64(head)
}

// isARM64 wants the magic and the three fields before it that are zero.
func isARM64(head []byte) bool {
	return len(head) >= 0x3c && string(head[0x20:0x3c]) == strings.Repeat("\x00", 0x18)+"ARM\x64"
}

// isLoongArch wants a PE header of that machine, or none that can be looked at.
func isLoongArch(head []byte) bool {
	machine, ok := Machine(head)
	return !ok || machine == "loongarch"
}

// Machine returns the kernel's name of the architecture of a PE file, if its header is
// in head (PE format, "Machine Types").
func Machine(head []byte) (string, bool) {
	if len(head) < 0x40 {
		return "", false
	}
	at := binary.LittleEndian.Uint32(head[0x3c:])
	if uint64(at)+6 > uint64(len(head)) || string(head[at:at+4]) != "PE\x00\x00" {
		return "", false
	}
	switch binary.LittleEndian.Uint16(head[at+4:]) {
	case 0x014c:
		return "x86", true
	case 0x8664:
		return "x86_64", true
	case 0x01c0, 0x01c2, 0x01c4:
		return "arm", true
	case 0xaa64:
		return "arm64", true
	case 0x5032, 0x5064:
		return "riscv", true
	case 0x6232, 0x6264:
		return "loongarch", true
	}
	return "", false
}
