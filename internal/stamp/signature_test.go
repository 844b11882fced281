// SPDX-License-Identifier: Apache-2.0

package stamp

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/internal/carrier/carriertest"
)

// sign appends a signature as linux/scripts/sign-file.c does.
func sign(module, signature []byte, size int) []byte {
	info := make([]byte, signatureInfo)
	info[2] = 2 // PKEY_ID_PKCS7
	binary.BigEndian.PutUint32(info[8:], uint32(size))
	return bytes.Join([][]byte{module, signature, info, []byte(signatureTrailer)}, nil)
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
