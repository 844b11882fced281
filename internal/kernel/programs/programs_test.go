// SPDX-License-Identifier: Apache-2.0

package programs

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	bin := t.TempDir()
	for name, says := range map[string]string{"aarch64-linux-gnu-gcc-12": "gcc (Debian) 12.2.0", "bison": "bison 3.8", "ld.lld": "LLD 19"} {
		program := fmt.Sprintf("#!/bin/sh\necho '%s'\necho more\n", says)
		if err := os.WriteFile(filepath.Join(bin, name), []byte(program), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	if err := Check([]string{"bison=bison", "stdio.h=libc6-dev", "aarch64-linux-gnu-gcc-12=gcc"}, []string{"none-such", "ld.lld"}, out); err != nil {
		t.Errorf("error = %v, want none", err)
	}
	want := fmt.Sprintf("aarch64-linux-gnu-gcc-12 %[1]s/aarch64-linux-gnu-gcc-12 gcc (Debian) 12.2.0\nbison %[1]s/bison\nstdio.h (header)\nld.lld %[1]s/ld.lld LLD 19\n", bin)
	if got, err := os.ReadFile(out); err != nil || string(got) != want {
		t.Errorf("wrote %q, %v; want %q", got, err, want)
	}
	err := Check([]string{"sh=dash", "no-such-program=two", "no/such.h=one", "none-either=two"}, nil, out)
	want = "this machine lacks no-such-program, no/such.h, none-either, which the build needs; install them: apt-get install -y one two"
	if err == nil || !sameWords(err.Error(), want) {
		t.Errorf("error = %v, want %s", err, want)
	}
}

// sameWords compares without regard to the order.
func sameWords(a, b string) bool {
	split := func(s string) []string {
		words := strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' })
		slices.Sort(words)
		return words
	}
	return slices.Equal(split(a), split(b))
}

// An output is written whole or not at all, and never into a device.
func TestCheckWritesNoDevice(t *testing.T) {
	if err := Check([]string{"sh=dash"}, nil, os.DevNull); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("got %v", err)
	}
}
