// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/bench/internal/bench"
	"github.com/rules-kheaders/rules_kheaders/internal/carrier"
	"github.com/rules-kheaders/rules_kheaders/internal/carrier/stamp"
)

func TestMakeInputs(t *testing.T) {
	if err := bench.Need(map[string]string{"as": "binutils", "ld": "binutils"}); err != nil {
		t.Fatal(err)
	}
	const size = 32 << 20
	in, err := makeInputs(context.Background(), t.TempDir(), size)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(in.vmlinux)
	if err != nil {
		t.Fatal(err)
	}
	if n := info.Size(); n < size*8/10 || n > size*12/10 {
		t.Errorf("vmlinux has %d bytes, want %d or a fifth more or less", n, size)
	}
	if in.relocations < 100_000 {
		t.Errorf("relocations = %d, want many", in.relocations)
	}
	out := filepath.Join(in.dir, "stamped")
	if err := stamp.Stamp(stamp.Request{Carrier: in.vmlinux, Archive: in.archive, Out: out}); err != nil {
		t.Fatal(err)
	}
	v, err := stamp.Verify(out, in.vmlinux, carrier.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if v.LocatedBy != carrier.BySection || v.LocatedName != carrier.DefaultSection || v.KernelRelease != release || v.Capacity != capacity {
		t.Errorf("found %+v; want %d bytes in %s of %s", v.Info, capacity, carrier.DefaultSection, release)
	}
	// What objcopy is given is what patcher writes.
	if err := stamp.ExtractArchive(out, out+".region", carrier.Options{}); err != nil {
		t.Fatal(err)
	}
	got, errGot := os.ReadFile(out + ".region")
	want, errWant := os.ReadFile(in.region)
	if string(got) != string(want) || errGot != nil || errWant != nil {
		t.Errorf("region: got %d other bytes than %d (%v, %v)", len(got), len(want), errGot, errWant)
	}
}

func TestErrors(t *testing.T) {
	for _, tt := range []struct{ args, want string }{
		{"-size 1", "size is 1: expected 16 to 3072 MiB"},
		{"-size 9999", "size is 9999"},
		{"-runs 0", "runs are 0: expected at least one"},
		{"x", `unexpected argument "x"`},
	} {
		var out strings.Builder
		if err := run(context.Background(), strings.Fields(tt.args), &out); err == nil || !strings.Contains(err.Error(), tt.want) || out.Len() > 0 {
			t.Errorf("%s: got %v and %q, want %q", tt.args, err, out.String(), tt.want)
		}
	}
	t.Setenv("PATH", t.TempDir())
	err := run(context.Background(), nil, os.Stdout)
	if want := "find as, cp, ld, llvm-objcopy, objcopy: not on the PATH: install with 'apt-get install binutils coreutils llvm'"; err == nil || err.Error() != want {
		t.Errorf("no programs: got %v, want %q", err, want)
	}
	errs := withReflinks(context.Background(), t.TempDir(), 1<<20, func(string, string) error { return nil })
	if len(errs) == 0 {
		t.Error("no programs: got no error")
	}
	for _, err := range errs {
		if why := (*noReflinksError)(nil); !errors.As(err, &why) {
			t.Errorf("no programs: got %v, want why there are no reflinks", err)
		}
	}
}
