// SPDX-License-Identifier: Apache-2.0

// Package secret recognises what an archive must not hold, by what it is: private
// keys in the forms that kernels are signed with, and the RANDSTRUCT seed.
package secret

import (
	"bytes"
	"encoding/asn1"
	"math/big"
	"regexp"
)

// Key returns what kind of private key is in a file, at its beginning or within,
// or "" if none is.
func Key(p []byte) string {
	if kind := textKey(p); kind != "" {
		return kind
	}
	if bytes.IndexByte(p, 0) < 0 && bytes.IndexByte(p, 2) < 0 {
		return "" // text, as nearly all files are
	}
	return binaryKey(p)
}

// armour is the first line of a key as text: RFC 7468 and what came before it,
// RFC 4716's four dashes, OpenPGP's (RFC 9580) and GnuTLS's PKCS12.
var armour = regexp.MustCompile(`----[- ]BEGIN (?:[A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?|PKCS12)[- ]----`)

// markers begin other forms of keys.
var markers = []struct{ text, kind string }{
	{"PuTTY-User-Key-File-", "a PuTTY private key"},
	{"openssh-key-v1\x00", "an OpenSSH private key"}, // what is in the armour: openssh's PROTOCOL.key
	{"SSH PRIVATE KEY FILE FORMAT 1.1\n", "an SSH private key"},
}

func textKey(p []byte) string {
	if bytes.Contains(p, []byte("PRIVATE KEY")) || bytes.Contains(p, []byte("PKCS12")) {
		if armour.Match(p) {
			return "a private key"
		}
	}
	for _, m := range markers {
		// The text itself is in programs that read keys.
		if bytes.HasPrefix(p, []byte(m.text)) {
			return m.kind
		}
	}
	return ""
}

// pkcs5, pkcs12PBE and pkcs7 are the arcs of the algorithms that encrypt keys, and
// of what a PKCS#12 file holds (RFC 8018, RFC 7292).
var (
	pkcs5     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5}
	pkcs12PBE = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 12, 1}
	pkcs7     = []byte{0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07}
)

// binaryKey looks for the structures of ASN.1 that keys are. All but one begin
// with a SEQUENCE and in it a small INTEGER, the version.
func binaryKey(p []byte) string {
	for _, version := range []byte{3, 0, 1} { // a PKCS#12 file holds the others
		head := []byte{0x02, 0x01, version}
		for at := 0; ; {
			i := bytes.Index(p[at:], head)
			if i < 0 {
				break
			}
			at += i
			if kind := versioned(p, at, version); kind != "" {
				return kind
			}
			at++
		}
	}
	// An encrypted key has no version: a SEQUENCE of an algorithm, whose first
	// bytes are the same, and an OCTET STRING.
	for _, arc := range []asn1.ObjectIdentifier{pkcs5, pkcs12PBE} {
		oid, err := asn1.Marshal(arc)
		if err != nil {
			panic(err) // constants
		}
		body := oid[2:]
		for at := 0; ; at++ {
			i := bytes.Index(p[at:], body)
			if i < 0 {
				break
			}
			at += i
			if encrypted(p, at) {
				return "an encrypted private key"
			}
		}
	}
	return ""
}

// sequences returns what begins with a SEQUENCE whose content begins at an
// offset, one for each way its header can be read.
func sequences(p []byte, content int) (all [][]byte) {
	for size := 2; size <= 6 && size <= content; size++ {
		head := p[content-size : content]
		if head[0] != 0x30 {
			continue
		}
		if short := size == 2 && (head[1] < 0x80 || head[1] == 0x80); short || size > 2 && int(head[1]) == 0x80+size-2 {
			all = append(all, p[content-size:])
		}
	}
	return all
}

func versioned(p []byte, at int, version byte) string {
	for _, s := range sequences(p, at) {
		if version == 3 {
			if pkcs12(p[at:]) {
				return "a PKCS#12 file, which holds a private key"
			}
			continue
		}
		var raw asn1.RawValue
		if _, err := asn1.Unmarshal(s, &raw); err != nil || raw.Tag != asn1.TagSequence || !raw.IsCompound {
			continue
		}
		if kind := structure(raw.Bytes, version); kind != "" {
			return kind
		}
	}
	return ""
}

// pkcs12 reports whether what begins with the version 3 goes on as a PFX: a
// SEQUENCE, of a definite length or, from older programs, an indefinite one, with
// an identifier of PKCS#7 first (RFC 7292, section 4).
func pkcs12(p []byte) bool {
	p = p[3:]
	if len(p) < 2 || p[0] != 0x30 {
		return false
	}
	size := 2
	if p[1] > 0x80 {
		size += int(p[1] - 0x80)
	}
	return len(p) > size && bytes.HasPrefix(p[size:], pkcs7)
}

// structure returns what kind of key the content of a SEQUENCE is.
func structure(content []byte, version byte) string {
	var items []asn1.RawValue
	for rest := content; len(rest) > 0; {
		var item asn1.RawValue
		var err error
		if rest, err = asn1.Unmarshal(rest, &item); err != nil || len(items) == 16 {
			return ""
		}
		items = append(items, item)
	}
	is := func(i, tag int) bool {
		return i < len(items) && items[i].Class == asn1.ClassUniversal && items[i].Tag == tag
	}
	integers := 0
	for integers < len(items) && is(integers, asn1.TagInteger) {
		integers++
	}
	switch {
	case integers >= 9 && isModulus(items[1]): // RFC 8017, A.1.2; more than two primes follow
		return "an RSA private key in DER"
	case version == 0 && integers == 6 && len(items) == 6 && isModulus(items[1]):
		return "a DSA private key in DER" // OpenSSL's own
	case is(1, asn1.TagSequence) && is(2, asn1.TagOctetString) && isAlgorithm(items[1].Bytes):
		return "a PKCS#8 private key in DER" // RFC 5958
	case version == 1 && is(1, asn1.TagOctetString) && len(items) > 2 && isECKey(items):
		return "an EC private key in DER" // RFC 5915
	}
	return ""
}

// isModulus reports whether an INTEGER is large enough for a key: 512 bits.
func isModulus(v asn1.RawValue) bool {
	n := new(big.Int)
	_, err := asn1.Unmarshal(v.FullBytes, &n)
	return err == nil && n.Sign() > 0 && n.BitLen() >= 512
}

// isAlgorithm reports whether the content of a SEQUENCE begins with an OBJECT
// IDENTIFIER.
func isAlgorithm(content []byte) bool {
	var oid asn1.ObjectIdentifier
	_, err := asn1.Unmarshal(content, &oid)
	return err == nil
}

// isECKey reports whether the items after the version are a number of a curve's
// size and then nothing but the optional parameters [0] and public key [1].
func isECKey(items []asn1.RawValue) bool {
	if n := len(items[1].Bytes); n < 20 || n > 72 {
		return false
	}
	for _, item := range items[2:] {
		if item.Class != asn1.ClassContextSpecific || item.Tag > 1 {
			return false
		}
	}
	return true
}

// encrypted reports whether the body of an identifier at an offset is that of the
// algorithm of an EncryptedPrivateKeyInfo (RFC 5958, section 3).
func encrypted(p []byte, at int) bool {
	if at < 2 {
		return false
	}
	for _, algorithm := range sequences(p, at-2) { // before the identifier's own header
		for _, s := range sequences(p, len(p)-len(algorithm)) {
			var key struct {
				Algorithm struct {
					OID        asn1.ObjectIdentifier
					Parameters asn1.RawValue `asn1:"optional"`
				}
				Data []byte
			}
			if _, err := asn1.Unmarshal(s, &key); err == nil && len(key.Data) >= 32 {
				return true
			}
		}
	}
	return false
}
