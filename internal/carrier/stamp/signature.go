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

// withoutSignatures returns the size that a module had before linux/scripts/
// sign-file.c appended a signature, or its own when there is none. A module that was
// signed twice has two: the kernel looks at the last, and what is covered by it
// includes the other.
func (in *input) withoutSignatures() (int64, error) {
	for size := in.size; ; {
		less, err := in.withoutSignature(size)
		if err != nil || less == size {
			return size, err
		}
		size = less
	}
}

// withoutSignature returns the size without the last signature of the first size
// bytes. They end with: signer's name, key's identifier, signature, struct
// module_signature, the trailer.
func (in *input) withoutSignature(all int64) (int64, error) {
	end := make([]byte, signatureInfo+len(carrier.ModuleTrailer))
	at := all - int64(len(end))
	if at < 0 {
		return all, nil
	}
	if _, err := in.ReadAt(end, at); err != nil {
		return 0, fmt.Errorf("read carrier: %w", err)
	}
	if string(end[signatureInfo:]) != carrier.ModuleTrailer {
		return all, nil
	}
	signer, key, signature := int64(end[3]), int64(end[4]), int64(binary.BigEndian.Uint32(end[8:]))
	size := at - signer - key - signature
	if signature == 0 || size <= 0 {
		return 0, fmt.Errorf("drop the signature of %s: it says that it has %d bytes, and the file has %d: damaged", in.path, signature, all)
	}
	return size, nil
}
