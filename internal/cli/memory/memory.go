// SPDX-License-Identifier: Apache-2.0

// Package memory bounds what a program takes to read a file that anybody may have
// made: a few hundred bytes can ask for a dictionary, or decode to a file, as large as
// the machine.
package memory

import (
	"flag"
	"fmt"
	"runtime/debug"
	"strconv"
	"sync/atomic"
)

const (
	// Default is how much a program takes at most, in bytes, unless --memory-limit says
	// otherwise. The dictionaries that kernels are compressed with, of up to 128 MiB, fit.
	Default = 256 << 20
	// least is what our own archives need.
	least = 64 << 20
	// base is what a program takes beside a dictionary: the garbage collector then
	// works more often.
	base = 40 << 20
)

var limit atomic.Int64

func init() { limit.Store(Default) }

// Flag adds --memory-limit to the flags of a program that reads.
func Flag(fs *flag.FlagSet) {
	debug.SetMemoryLimit(base)
	fs.Func("memory-limit", "use at most `MIB` of memory, 64 or more (default 256); what is decoded beyond it goes to a file in $TMPDIR", func(v string) error {
		n, err := strconv.ParseInt(v, 10, 32)
		if err != nil || n < least>>20 {
			return fmt.Errorf("expected a number of MiB, %d or more", least>>20)
		}
		limit.Store(n << 20)
		return nil
	})
}

// Dictionary returns the size in bytes of the largest dictionary or window that a
// decoder may have: half of the limit, for some decoders copy it.
func Dictionary() int64 { return limit.Load() / 2 }

// TakeDictionary fails if a decoder may not have a dictionary of n bytes.
func TakeDictionary(n int64) error {
	if n > Dictionary() {
		return fmt.Errorf("dictionary has %d bytes, expected at most %d; give --memory-limit %d, if you trust the file", n, Dictionary(), (2*n+1<<20-1)>>20)
	}
	if n+base > debug.SetMemoryLimit(-1) {
		debug.SetMemoryLimit(n + base)
	}
	return nil
}
