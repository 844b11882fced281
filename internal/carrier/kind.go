// SPDX-License-Identifier: Apache-2.0

package carrier

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/rules-kheaders/rules_kheaders/internal/carrier/format"
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
	stampZboot  = "stamp vmlinux or the raw Image (arch/*/boot/vmlinux.bin), then make vmlinuz.efi from it"
	stampInner  = "stamp the kernel in it, then pack it again"
)

// advices say what a wrapped format is called in a message, and what to do instead.
var advices = map[format.Format][2]string{
	format.BzImage:     {"an x86 bzImage", stampFirst},
	format.Zboot:       {"an EFI zboot image", stampZboot},
	format.ZImageARM:   {"an arm zImage", stampFirst},
	format.AndroidBoot: {"an Android boot image", stampInner},
	format.VendorBoot:  {"an Android vendor_boot image", stampInner},
	format.UImage:      {"a U-Boot uImage", stampInner},
	format.FIT:         {"a U-Boot FIT image", stampInner},
	format.Gzip:        {"gzip-compressed", stampRaw},
	format.Xz:          {"xz-compressed", stampModule},
	format.Zstd:        {"zstd-compressed", stampModule},
	format.LZ4Legacy:   {"lz4-compressed (legacy frame)", stampRaw},
	format.LZ4:         {"lz4-compressed", stampRaw},
	format.Bzip2:       {"bzip2-compressed", stampRaw},
	format.Lzop:        {"lzop-compressed", stampRaw},
	format.LZMA:        {"lzma-compressed", stampRaw},
	format.Skippable:   {"zstd- or lz4-compressed", stampRaw},
}

const (
	kindRaw     = "raw"
	kindArchive = "archive"
)

// identify tells from its first bytes what a file is: isELF, or the kind of a
// flat file; a *WrappedError if it is neither.
func identify(head []byte) (isELF bool, kind string, err error) {
	f := format.Of(head)
	switch {
	case f == format.ELF:
		return true, "", nil
	case f == format.Unknown:
		return false, kindRaw, nil
	case f.Flat():
		return false, string(f), nil
	}
	advice, ok := advices[f]
	if !ok {
		return false, "", fmt.Errorf("file is of the format %q, for which there is no advice", f)
	}
	name := advice[0]
	if machine, ok := format.Machine(head); ok && f == format.Zboot {
		name += " (" + machine + ")"
	}
	return false, "", &WrappedError{name, advice[1]}
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

// SignatureOf says what signature covers the bytes of a file: of several, the one that
// was made last.
func SignatureOf(r io.ReaderAt, size int64) Signature {
	tail := make([]byte, len(ModuleTrailer))
	if size > int64(len(tail)) && readFull(r, tail, size-int64(len(tail))) == nil && string(tail) == ModuleTrailer {
		return ModuleSignature
	}
	// PE format: offset of the header at 0x3c, the optional header 24 bytes
	// in, its data directories after 96 (PE32) or 112 (PE32+) bytes; number 4
	// is the certificate table.
	var head [0x40]byte
	if size < int64(len(head)) || readFull(r, head[:], 0) != nil || !bytes.HasPrefix(head[:], []byte("MZ")) {
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
