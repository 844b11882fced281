// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"strings"
	"testing"
)

// What is wrong with the command line is said before anything is built.
func TestUsage(t *testing.T) {
	build := func(more ...string) []string {
		return append([]string{"build", "--tree", "none", "--scratch", "none/scratch", "--source", "Kbuild=none/Kbuild"}, more...)
	}
	bpf := func(more ...string) []string {
		return append([]string{"bpf", "--tree", "none", "--scratch", "none/scratch", "--out", "none/a.o"}, more...)
	}
	install := func(more ...string) []string {
		return append([]string{"install", "--module", "none/x.ko", "--out", "none/out.ko"}, more...)
	}
	const unsigned = "--key, --cert or --hash is given without --sign-file"
	for _, tt := range []struct {
		args []string
		want string
	}{
		{build(), "--out NAME.ko=FILE is required"},
		{build("--out", "hello.ko"), `--out is "hello.ko": expected NAME=FILE`},
		{build("--out", "hello.ko="), `--out is "hello.ko=": expected NAME=FILE`},
		{build("--out", "=file"), `--out is "=file": expected NAME=FILE`},
		{build("--out", "a.ko=a", "--source", "hello.c"), `--source is "hello.c": expected NAME=FILE`},
		{build("--out", "a.ko=out", "--out", "b.ko=./out"), "two outputs go to out: expected a file for each"},
		{build("--out", "a.ko=out", "--symvers", "out"), "two outputs go to out: expected a file for each"},
		{build("--out", "a.ko=a", "--order", "out", "--commands", "out"), "two outputs go to out: expected a file for each"},
		{build("--out", "a.ko=a", "V"), `argument "V": expected NAME=VALUE, a variable for make, as V=1`},
		{build("--out", "a.ko=a", "V=1", "CC=gcc"), "variable CC=gcc: --compiler sets it"},
		{[]string{"host-tools", "--tree", "none", "--out", "none/out", "HOSTCFLAGS=$(X)"}, "make would expand the $ in its value"},
		{[]string{"host-tools", "V=1"}, "--tree DIR"},
		{bpf("--source", "a.bpf.c"), `--source is "a.bpf.c": expected NAME=FILE`},
		{bpf("--source", "a.bpf.c=a", "--header", "=b"), `--header is "=b": expected NAME=FILE`},
		{bpf("--source", "a.bpf.c=a", "--skeleton", "none/a.o"), "two outputs go to none/a.o: expected a file for each"},
		{bpf("--source", "a.bpf.c=a", "--headers", "all"), `--headers is "all": expected uapi, btf or kernel`},
		{bpf("--source", "a.bpf.c=a", "--headers", "btf"), "--headers btf is given without --btf"},
		{bpf("--source", "a.bpf.c=a", "--headers", "kernel", "--btf", "b"), "--btf is given with --headers kernel"},
		{bpf("--source", "a.bpf.c=a", "--verdict", "none/a.o"), "two outputs go to none/a.o: expected a file for each"},
		{[]string{"bpf-report", "--name", "a", "none/v"}, "--out FILE is required"},
		{[]string{"bpf-btf", "--btf", "b", "--bpftool", "b", "--out", "o", "--scratch", "s"}, "--object FILE is required"},
		{install("--key", "key"), unsigned},
		{install("--cert", "cert"), unsigned},
		{install("--hash", "sha256"), unsigned},
		{[]string{"check", "--out", "none/out"}, "expected --need or --optional, got neither"},
		{[]string{"check", "--need", "=pkg", "--out", "none/out"}, `look for "=pkg": expected NAME=PACKAGE`},
		{[]string{"check", "--need", "sh=", "--out", "none/out"}, `look for "sh=": expected NAME=PACKAGE`},
	} {
		var stderr bytes.Buffer
		if status := tool.Main(tt.args, &stderr, &stderr); status != 1 || !strings.Contains(stderr.String(), tt.want) {
			t.Errorf("%q: got %d, %q, want %q", tt.args, status, stderr.String(), tt.want)
		}
	}
}
