// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"strings"
	"testing"
)

// What is wrong with the command line is said before anything is built.
func TestUsage(t *testing.T) {
	base := []string{"kernel", "--source", "none.tar", "--arch", "x86_64"}
	for _, tt := range []struct {
		args []string
		want string
	}{
		{append(base[:5:5], "--out", "lib/crc7.ko"), `--out is "lib/crc7.ko": expected NAME=FILE`},
		{append(base[:5:5], "--out", "=file"), `--out is "=file": expected NAME=FILE`},
		{append(base[:5:5], "--place", "key"), `--place is "key": expected NAME=FILE`},
		{append(base[:5:5], "--overlay", "Kbuild"), `--overlay is "Kbuild": expected NAME=FILE`},
		{append(base[:5:5], "--variable", "V"), `--variable is "V": expected NAME=VALUE`},
	} {
		var stderr bytes.Buffer
		if status := tool.Main(tt.args, &stderr, &stderr); status != 1 || !strings.Contains(stderr.String(), tt.want) {
			t.Errorf("%q: got %d, %q, want %q", tt.args, status, stderr.String(), tt.want)
		}
	}
}
