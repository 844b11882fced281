// SPDX-License-Identifier: Apache-2.0

package stamp

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
)

// CheckDigest compares a file with the sha256 that somebody pinned, in hex.
func CheckDigest(path, want string) error {
	if p, err := hex.DecodeString(want); err != nil || len(p) != sha256.Size {
		return fmt.Errorf("check file %s: the sha256 to compare with is %q; expected %d hex digits", path, want, 2*sha256.Size)
	}
	in, err := open(path, aFile)
	if err != nil {
		return err
	}
	defer in.Close()
	h := sha256.New()
	if _, err := io.Copy(h, in); err != nil {
		return fmt.Errorf("read file %s: %w", path, err)
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != strings.ToLower(want) {
		return fmt.Errorf("check file %s: its sha256 is %s; expected %s; if the file is right, pin its digest", path, got, want)
	}
	return nil
}
