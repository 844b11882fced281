// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"os"
	"strings"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/internal/archive/decompress"
	"github.com/rules-kheaders/rules_kheaders/internal/headers/tree/treetest"
)

func TestCompressedErrors(t *testing.T) {
	config := treetest.Temp(t, strings.Repeat("CONFIG_A=y\n", 1000))
	for _, c := range decompress.Formats {
		whole, err := os.ReadFile(treetest.Compress(t, c.Name, config))
		if err != nil {
			t.Fatal(err)
		}
		half := treetest.Temp(t, string(whole[:len(whole)/2]))
		if _, err := ReadFile(half); err == nil || !strings.Contains(err.Error(), "read "+half+": decode "+c.Name+": ") || !strings.Contains(err.Error(), "cut short") {
			t.Errorf("%s cut short: got %v", c.Name, err)
		}
	}
	large := treetest.Temp(t, "")
	if err := os.Truncate(large, MaxFile+1); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadFile(treetest.Compress(t, "zstd", large)); err == nil || !strings.Contains(err.Error(), "decode zstd: it has more than 268435456 bytes") {
		t.Errorf("too large: got %v", err)
	}
}
