// SPDX-License-Identifier: Apache-2.0

package stamp

import (
	"bytes"
	"compress/gzip"
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
	// One that was signed twice, or three times.
	twice := sign(p.read("signed"), []byte("another PKCS #7 message"), 23)
	for _, signed := range [][]byte{twice, sign(twice, []byte("a third"), 7)} {
		p.write("again", signed)
		wantError(t, Stamp(Request{Carrier: p.name("again"), Archive: p.name("archive"), Out: p.name("none")}), "the file is signed, and a change would break the signature")
		if err := stampTo("again", "got"); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(p.read("got"), p.read("want")) {
			t.Error("signed again: stamped without its signatures, it is not the unsigned module, stamped")
		}
		if _, err := Verify(p.name("got"), p.name("again"), carrier.Options{}); err != nil {
			t.Error(err)
		}
	}
	p.write("again", sign(sign(module, []byte("a PKCS #7 message"), 1<<30), []byte("another"), 7))
	wantError(t, stampTo("again", "none"), "it says that it has 1073741824 bytes")
	// A signature that the stamp has made stale.
	p.write("stale", append(p.read("want"), p.read("signed")[len(module):]...))
	_, err := Verify(p.name("stale"), p.name("signed"), carrier.Options{})
	wantError(t, err, "the file has the signature of original")
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

// An image that has both kinds keeps the one that --unsign does not drop.
func TestSignedTwice(t *testing.T) {
	p := newPlace(t, sign(signedImage(placeholder(t)), []byte("a PKCS #7 message"), 17))
	stampTo := func(unsign bool) error {
		return Stamp(Request{Carrier: p.name("carrier"), Archive: p.name("archive"), Out: p.name("none"), Unsign: unsign})
	}
	wantError(t, stampTo(false), "the file is signed, and a change would break the signature")
	wantError(t, stampTo(true), "the file is a signed EFI image")
}

// Whatever wraps a carrier may be signed itself: to inspect, the file is.
func TestSignedOutside(t *testing.T) {
	p := newPlace(t, carriertest.Image(placeholder(t)))
	var inner bytes.Buffer
	z := gzip.NewWriter(&inner)
	z.Write(p.read("carrier"))
	z.Close()
	p.write("signed.gz", sign(inner.Bytes(), []byte("a PKCS #7 message"), 17))
	info, err := Inspect(p.name("signed.gz"), carrier.Options{})
	if err != nil || !info.Signed {
		t.Errorf("got %+v, %v, want it signed", info, err)
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
