// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package filelock

import (
	"errors"
	"os"
)

func Try(*os.File) (locked bool, err error) { return false, errors.ErrUnsupported }

func Removed(*os.File) bool { return false }
