// SPDX-License-Identifier: Apache-2.0

package carrier

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/rules-kheaders/rules_kheaders/internal/xz"
)

// A WrappedError says that a file holds a kernel or an archive in another
// form, compressed or checksummed, in which nothing can be stamped.
type WrappedError struct {
	Kind   string // "gzip", "x86 bzImage", ...
	Advice string // what to do instead, a clause
}

func (e *WrappedError) Error() string {
	return fmt.Sprintf("file is %s: expected an uncompressed carrier (vmlinux, kheaders.ko, raw Image); %s", e.Kind, e.Advice)
}

// Advice for the groups of wrapped files.
const (
	stampFirst  = "stamp vmlinux, then make the image from it"
	stampRaw    = "stamp vmlinux or the raw Image, then compress it"
	stampModule = "stamp the uncompressed file, then compress it"
	stampInner  = "stamp the kernel in it, then pack it again"
)

// probe is how much of a file's start tells what it is, in bytes; the farthest
// magic is x86's "HdrS" at 0x202.
const probe = 1024

// magic is a byte string at a fixed place.
type magic struct {
	at     int
	bytes  string
	kind   string
	advice string
}

// wrapped lists what cannot be stamped. Order matters where one file has two
// magics: an EFI zboot image and a bzImage begin like a PE file.
var wrapped = []magic{
	// linux/Documentation/arch/x86/boot.rst: header at 0x202
	{0x202, "HdrS", "an x86 bzImage", stampFirst},
	// linux/drivers/firmware/efi/libstub/zboot-header.S
	{4, "zimg", "an EFI zboot image", stampRaw},
	// linux/arch/arm/boot/compressed/head.S, either byte order
	{0x24, "\x18\x28\x6f\x01", "an arm zImage", stampFirst},
	{0x24, "\x01\x6f\x28\x18", "an arm zImage", stampFirst},
	// android/system/tools/mkbootimg/include/bootimg/bootimg.h
	{0, "ANDROID!", "an Android boot image", stampInner},
	{0, "VNDRBOOT", "an Android vendor_boot image", stampInner},
	// u-boot/include/image.h; flattened device tree, u-boot's FIT
	{0, "\x27\x05\x19\x56", "a U-Boot uImage", stampInner},
	{0, "\xd0\x0d\xfe\xed", "a U-Boot FIT image", stampInner},
	// What linux/scripts/Makefile.lib compresses with.
	{0, "\x1f\x8b", "gzip-compressed", stampRaw},
	{0, xz.Magic, "xz-compressed", stampModule},
	{0, "\x28\xb5\x2f\xfd", "zstd-compressed", stampModule},
	{0, "\x02\x21\x4c\x18", "lz4-compressed (legacy frame)", stampRaw},
	{0, "\x04\x22\x4d\x18", "lz4-compressed", stampRaw},
	{0, "BZh", "bzip2-compressed", stampRaw},
	{0, "\x89LZO\x00\r\n\x1a\n", "lzop-compressed", stampRaw},
	{0, "\x5d\x00\x00", "lzma-compressed", stampRaw},
}

// raw lists the flat kernels with a magic of their own; each is at the same
// place of the header that the boot loader reads.
var raw = []magic{
	{0x38, "ARM\x64", "raw Image arm64", ""},              // linux/Documentation/arch/arm64/booting.rst
	{0x38, "RSC\x05", "raw Image riscv", ""},              // linux/arch/riscv/include/asm/image.h
	{0x38, "\xcd\x23\x82\x81", "raw Image loongarch", ""}, // linux/arch/loongarch/include/asm/image.h
}

const (
	kindRaw     = "raw"
	kindArchive = "archive"
)

func (m magic) matches(head []byte) bool {
	return len(head) >= m.at && bytes.HasPrefix(head[m.at:], []byte(m.bytes))
}

// identify tells from its first bytes what a file is: isELF, or the kind of a
// flat file; a *WrappedError if it is neither.
func identify(head []byte) (isELF bool, kind string, err error) {
	if bytes.HasPrefix(head, []byte("\x7fELF")) {
		return true, "", nil
	}
	for _, m := range raw {
		if m.matches(head) {
			return false, m.kind, nil
		}
	}
	for _, m := range wrapped {
		if m.matches(head) {
			return false, "", &WrappedError{m.kind, m.advice}
		}
	}
	// RFC 8878, 3.1.2: a frame that both skip, whose magic has 16 values.
	if len(head) >= 4 && head[0]>>4 == 5 && string(head[1:4]) == "\x2a\x4d\x18" {
		return false, "", &WrappedError{"zstd- or lz4-compressed", stampRaw}
	}
	return false, kindRaw, nil
}

// Signature is a way to sign a carrier.
type Signature string

// The signatures that are known.
const (
	Unsigned        Signature = ""
	ModuleSignature Signature = "module"    // appended by linux/scripts/sign-file.c
	EFISignature    Signature = "EFI image" // in the certificate table of a PE file
)

// ModuleTrailer ends a signed module (linux/scripts/sign-file.c).
const ModuleTrailer = "~Module signature appended~\n"

// signature says what signature covers the file's bytes.
func signature(r io.ReaderAt, size int64, head []byte) Signature {
	tail := make([]byte, len(ModuleTrailer))
	if size > int64(len(tail)) && readFull(r, tail, size-int64(len(tail))) == nil && string(tail) == ModuleTrailer {
		return ModuleSignature
	}
	// PE format: offset of the header at 0x3c, the optional header 24 bytes
	// in, its data directories after 96 (PE32) or 112 (PE32+) bytes; number 4
	// is the certificate table.
	if len(head) < 0x40 || !bytes.HasPrefix(head, []byte("MZ")) {
		return Unsigned
	}
	at := int64(binary.LittleEndian.Uint32(head[0x3c:]))
	var pe [24 + 112 + 5*8]byte
	if at > size-int64(len(pe)) || readFull(r, pe[:], at) != nil || !bytes.HasPrefix(pe[:], []byte("PE\x00\x00")) {
		return Unsigned
	}
	directories := 24 + 96
	if binary.LittleEndian.Uint16(pe[24:]) == 0x20b {
		directories = 24 + 112
	}
	count := binary.LittleEndian.Uint32(pe[directories-4:])
	if count > 4 && binary.LittleEndian.Uint32(pe[directories+4*8+4:]) != 0 {
		return EFISignature
	}
	return Unsigned
}
