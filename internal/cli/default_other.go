// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package cli

import "os"

func defaultAction(os.Signal) {}
