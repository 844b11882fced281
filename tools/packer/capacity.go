// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"math"
	"strconv"
)

// A capacity is the value of a flag: bytes, as 8388608, or with a unit of 1024
// or 1024 * 1024, as 8192K or 8M.
type capacity int64

func (c *capacity) String() string { return strconv.FormatInt(int64(*c), 10) }

// Set parses the value. Whether a reservation can have the size is checked where
// it is made.
func (c *capacity) Set(text string) error {
	number, unit := text, int64(1)
	if n := len(text); n > 0 {
		switch text[n-1] {
		case 'K':
			number, unit = text[:n-1], 1<<10
		case 'M':
			number, unit = text[:n-1], 1<<20
		}
	}
	bytes, err := strconv.ParseInt(number, 10, 64)
	if err != nil || bytes > math.MaxInt64/unit || bytes < math.MinInt64/unit {
		return errors.New("expected bytes, as 8388608, 8192K or 8M")
	}
	*c = capacity(bytes * unit)
	return nil
}
