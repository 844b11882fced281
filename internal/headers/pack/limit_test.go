// SPDX-License-Identifier: Apache-2.0

//go:build linux

package pack

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rules-kheaders/rules_kheaders/internal/headers/tree"
	"github.com/rules-kheaders/rules_kheaders/internal/headers/tree/treetest"
)

// TestEndless gives what has no end, or one that no memory holds, as each kind
// of input.
func TestEndless(t *testing.T) {
	dir := t.TempDir()
	fifo, large := filepath.Join(dir, "fifo"), filepath.Join(dir, "large")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(large, []byte("0644 "), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(large, 1<<40); err != nil {
		t.Fatal(err)
	}
	const zero = "/dev/zero"
	tooLarge := "read " + large + ": it has 1099511627776 bytes, expected at most 268435456"
	noFile := func(name string) string { return "read " + name + ": it is not a regular file, expected one" }
	packed := func(set func(*Options)) func() error {
		o := options(t, treetest.Source(), treetest.Objects())
		set(&o)
		return func() error { _, err := Pack(o); return err }
	}
	add := func(file string) func() error {
		return packed(func(o *Options) { o.Add = []tree.Addition{{Name: "x", File: file}} })
	}
	list := func(file string) func() error {
		name := treetest.Temp(t, "include/linux/x.h="+file+"\n")
		return packed(func(o *Options) { o.Lists = []string{name} })
	}
	open := func(file string) func() error {
		return func() error { _, err := tree.Open(file); return err }
	}
	for _, tt := range []struct {
		name string
		do   func() error
		want string
	}{
		{"header", packed(func(o *Options) {
			if err := os.Rename(large, filepath.Join(o.Trees[0], "include/linux/big.h")); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(filepath.Join(o.Trees[0], "include/linux/big.h"), large); err != nil {
				t.Fatal(err)
			}
		}), "include/linux/big.h: it has 1099511627776 bytes, expected at most 268435456"},
		{"symvers", packed(func(o *Options) { o.Symvers = large }), tooLarge},
		{"endless symvers", packed(func(o *Options) { o.Symvers = zero }), noFile(zero)},
		{"pipe as symvers", packed(func(o *Options) { o.Symvers = fifo }), noFile(fifo)},
		{"pipe as a config", packed(func(o *Options) { o.Config = fifo }), noFile(fifo)},
		{"pipe as a list", packed(func(o *Options) { o.Lists = []string{fifo} }), noFile(fifo)},
		{"pipe as a release", packed(func(o *Options) { o.Release = fifo }), fifo + " is not a regular file"},
		{"config", packed(func(o *Options) { o.Config = large }), tooLarge},
		{"release", packed(func(o *Options) { o.Release = large }), tooLarge},
		{"list", packed(func(o *Options) { o.Lists = []string{large} }), tooLarge},
		{"addition", add(large), tooLarge},
		{"endless addition", add(zero), noFile(zero)},
		{"pipe as an addition", add(fifo), noFile(fifo)},
		{"endless file in a list", list(zero), noFile(zero)},
		{"pipe in a list", list(fifo), noFile(fifo)},
		{"pipe as a tree", open(fifo), "open tree " + fifo + ": it is not a regular file, expected a directory, or a tar"},
		{"device as a tree", open(zero), "open tree /dev/zero: it is not a regular file"},
		{"no device as a tree", open(os.DevNull), "open tree /dev/null: it is not a regular file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			errs := make(chan error, 1)
			go func() { errs <- tt.do() }()
			select {
			case err := <-errs:
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("got %v, want an error with %q", err, tt.want)
				}
			case <-time.After(time.Minute):
				t.Fatal("no end within a minute")
			}
		})
	}
}
