// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	sum := strings.Repeat("ab", 32)
	for _, test := range []struct {
		name, console, wantErr string
		want                   Result
	}{
		{"whole", "guest: release 6.1.0\r\nguest: archive 4096 " + sum + "\r\nhello\r\nguest: done\r\n", "", Result{Release: "6.1.0", ArchiveSize: 4096, ArchiveSHA256: sum}},
		{"commands", "guest: release 6.1.0\nguest: run x=1\nguest: run echo done=$x\ndone=1\nguest: done\n", "",
			Result{Release: "6.1.0", Lines: []string{"guest: release 6.1.0", "done=1", "guest: done"}, ArchiveSize: -1}},
		{"no archive", "guest: release 6.1.0\nguest: done\n", "", Result{Release: "6.1.0", ArchiveSize: -1}},
		{"failed", "guest: release 6.1.0\nguest: failed 1: false\n", "a command failed in the guest with status 1: false", Result{}},
		{"panic", "Kernel panic - not syncing\n", "the guest ended early", Result{}},
		{"bad archive", "guest: archive x\n" + strings.Repeat("more\n", 1<<17) + "guest: done\n", "read the guest's archive line", Result{}},
		{"long line", strings.Repeat("x", 3<<20) + "\nguest: done\n", "read the console: ", Result{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			console := strings.NewReader(test.console)
			got, err := parse(console, io.Discard)
			if console.Len() > 0 {
				t.Errorf("%d bytes of the console were not read", console.Len())
			}
			if test.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), test.wantErr) {
					t.Fatalf("error = %v, want one with %q", err, test.wantErr)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if test.want.Lines != nil && !slices.Equal(got.Lines, test.want.Lines) {
				t.Errorf("lines are %q, want %q", got.Lines, test.want.Lines)
			}
			if got.Release != test.want.Release || got.ArchiveSize != test.want.ArchiveSize || got.ArchiveSHA256 != test.want.ArchiveSHA256 {
				t.Errorf("got %+v, want %+v", *got, test.want)
			}
		})
	}
}

func TestRunRefuses(t *testing.T) {
	script := filepath.Join(t.TempDir(), "busybox")
	if err := os.WriteFile(script, []byte("#!/bin/sh\n"+strings.Repeat("#", 64)), 0o755); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, want string
		config     Config
	}{
		{"arch", `no machine is known for arch "vax"`, Config{Arch: "vax", Busybox: self}},
		{"busybox is no program", "bad magic number", Config{Arch: "x86_64", Busybox: script}},
		{"relative file", `guest file "x": expected a clean absolute path`, Config{Arch: "x86_64", Busybox: self, Files: map[string]string{"x": self}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Run(t.Context(), test.config, io.Discard)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error = %v, want one with %q", err, test.want)
			}
		})
	}
}
