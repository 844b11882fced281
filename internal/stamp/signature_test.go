// SPDX-License-Identifier: Apache-2.0

package stamp

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/internal/carrier"
	"github.com/rules-kheaders/rules_kheaders/internal/carrier/carriertest"
)

// sign appends a signature as linux/scripts/sign-file.c does.
func sign(module, signature []byte, size int) []byte {
	info := make([]byte, signatureInfo)
	info[2] = 2 // PKEY_ID_PKCS7
	binary.BigEndian.PutUint32(info[8:], uint32(size))
	return bytes.Join([][]byte{module, signature, info, []byte(carrier.ModuleTrailer)}, nil)
}

// A signed module that is stamped without its signature is the unsigned one,
// stamped.
func TestUnsign(t *testing.T) {
	module := carriertest.ELF{Is64: true, Type: elf.ET_REL, Machine: elf.EM_X86_64}.SectionKernel(".rodata1", placeholder(t)).Bytes()
	p := newPlace(t, module)
	p.stamp("carrier", "want")
	p.write("signed", sign(module, []byte("a PKCS #7 message"), 17))
	stampTo := func(from, to string) error {
		return Stamp(Request{Carrier: p.name(from), Archive: p.name("archive"), Out: p.name(to), Unsign: true})
	}
	for _, from := range []string{"signed", "carrier"} {
		if err := stampTo(from, "got"); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(p.read("got"), p.read("want")) {
			t.Errorf("%s: stamped without its signature, it is not the unsigned module, stamped", from)
		}
		if _, err := Verify(p.name("got"), p.name(from), carrier.Options{}); err != nil {
			t.Errorf("%s: %v", from, err)
		}
	}
	for _, tt := range []struct {
		name string
		size int
		want string
	}{
		{"larger than the file", 1 << 30, "it says that it has 1073741824 bytes, and the file has"},
		{"none", 0, "it says that it has 0 bytes"},
		{"inside the archive", len(module) / 2, "it says that it begins inside section .rodata1"},
	} {
		p.write("bad", sign(module, []byte("a PKCS #7 message"), tt.size))
		wantError(t, stampTo("bad", "none"), tt.want)
	}
}

// --unsign takes off a module's signature, and is no advice for another.
func TestSignedImage(t *testing.T) {
	p := newPlace(t, signedImage(placeholder(t)))
	for _, unsign := range []bool{false, true} {
		err := Stamp(Request{Carrier: p.name("carrier"), Archive: p.name("archive"), Out: p.name("none"), Unsign: unsign})
		wantError(t, err, "the file is a signed EFI image, and a change would break the signature: stamp it before signing, or take the signature off ('sbattach --remove')")
	}
}

// signedImage returns a raw Image with a PE header whose certificate table is
// not empty.
func signedImage(reserved []byte) []byte {
	header := make([]byte, 24+112+5*8)
	copy(header, "PE\x00\x00")
	binary.LittleEndian.PutUint16(header[24:], 0x20b) // PE32+
	header[24+108] = 5                                // data directories
	header[24+112+4*8+4] = 8                          // bytes of the fifth, the certificate table
	image := carriertest.Image(reserved)
	copy(image, "MZ")
	image[0x3c] = 64
	return bytes.Join([][]byte{image[:64], header, image[64:]}, nil)
}
