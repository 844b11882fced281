// SPDX-License-Identifier: Apache-2.0

package memory

import (
	"flag"
	"io"
	"strings"
	"testing"
)

func TestLimit(t *testing.T) {
	t.Cleanup(func() { limit.Store(Default) })
	parse := func(v string) error {
		fs := flag.NewFlagSet("", flag.ContinueOnError)
		fs.SetOutput(io.Discard)
		Flag(fs)
		return fs.Parse([]string{"--memory-limit=" + v})
	}
	for _, v := range []string{"", "63", "-1", "64M", "99999999999"} {
		if err := parse(v); err == nil || !strings.Contains(err.Error(), "expected a number of MiB, 64 or more") {
			t.Errorf("%q: got %v", v, err)
		}
	}
	if err := TakeDictionary(128 << 20); err != nil {
		t.Errorf("the largest dictionary of a kernel: %v", err)
	}
	err := TakeDictionary(128<<20 + 1)
	if err == nil || !strings.HasSuffix(err.Error(), "expected at most 134217728; give --memory-limit 257, if you trust the file") {
		t.Errorf("got %v", err)
	}
	if err := parse("257"); err != nil {
		t.Fatal(err)
	}
	if err := TakeDictionary(128<<20 + 1); err != nil {
		t.Errorf("with what the error says: %v", err)
	}
	if err := parse("64"); err != nil {
		t.Fatal(err)
	}
	if err := TakeDictionary(33 << 20); err == nil {
		t.Error("got no error for more than half of the limit")
	}
}
