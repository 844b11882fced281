// SPDX-License-Identifier: Apache-2.0

package stamp

import (
	"encoding/binary"
	"fmt"

	"github.com/rules-kheaders/rules_kheaders/internal/carrier"
)

// signatureInfo is how many bytes struct module_signature has
// (linux/module_signature.h).
const signatureInfo = 12

// withoutSignature returns the size that a module had before linux/scripts/
// sign-file.c appended a signature, or its own when there is none. The file ends
// with: signer's name, key's identifier, signature, struct module_signature, the
// trailer.
func (in *input) withoutSignature() (int64, error) {
	end := make([]byte, signatureInfo+len(carrier.ModuleTrailer))
	at := in.size - int64(len(end))
	if at < 0 {
		return in.size, nil
	}
	if _, err := in.ReadAt(end, at); err != nil {
		return 0, fmt.Errorf("read carrier: %w", err)
	}
	if string(end[signatureInfo:]) != carrier.ModuleTrailer {
		return in.size, nil
	}
	signer, key, signature := int64(end[3]), int64(end[4]), int64(binary.BigEndian.Uint32(end[8:]))
	size := at - signer - key - signature
	if signature == 0 || size <= 0 {
		return 0, fmt.Errorf("drop the signature of %s: it says that it has %d bytes, and the file has %d: damaged", in.path, signature, in.size)
	}
	return size, nil
}
