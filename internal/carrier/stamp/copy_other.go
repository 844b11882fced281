// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package stamp

import (
	"io"
	"os"
)

// copyFile makes out, which is empty, a copy of in, and returns how many bytes
// it copied.
func copyFile(out, in *os.File, _ int64) (int64, error) { return io.Copy(out, in) }
