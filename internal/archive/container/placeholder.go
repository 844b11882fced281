// SPDX-License-Identifier: Apache-2.0

package container

import (
	"crypto/sha256"

	"github.com/rules-kheaders/rules_kheaders/internal/archive/xz"
)

// readme is the one member of a placeholder, for the person who looks into
// /sys/kernel/kheaders.tar.xz and finds no headers.
const readme = `This archive is a placeholder. It keeps a place in this kernel for its
headers, and nothing has been put there: the kernel is not stamped.

To put an archive in, before the image is made from vmlinux:

    patcher stamp --carrier vmlinux --archive kheaders.tar.xz --out vmlinux.stamped
`

// Placeholder returns an archive of exactly capacity bytes that says it is not
// stamped. Too small a capacity is a [*CapacityError], which gives the
// smallest.
func Placeholder(capacity int64) ([]byte, error) {
	content := tarMember("README", []byte(readme))
	a := Archive{
		Marker:  Marker{Members: 1, Content: sha256.Sum256(content)},
		Content: []xz.Block{xz.Stored(content)},
	}
	return a.Bytes(capacity)
}
