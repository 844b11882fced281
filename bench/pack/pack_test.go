// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestErrors(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	all := "-headers " + self + " -symvers " + self + " -config " + self + " -linux " + self + " -packer " + self + " -xz " + self
	for _, tt := range []struct{ args, want string }{
		{"", "FILE is required: start this by 'tools/bazel run //bench:pack'"},
		{"-runs 0", "runs are 0: expected at least one"},
		{"x", `unexpected argument "x"`},
		{all + " -xz /no/such/xz", "/no/such/xz: no such file"},
		{"-prepare /no/such/tree", "/no/such/tree: no such file"},
	} {
		var out strings.Builder
		if err := run(context.Background(), strings.Fields(tt.args), &out); err == nil || !strings.Contains(err.Error(), tt.want) || out.Len() > 0 {
			t.Errorf("%s: got %v and %q, want %q", tt.args, err, out.String(), tt.want)
		}
	}
	t.Setenv("PATH", t.TempDir())
	if err := run(context.Background(), strings.Fields(all), os.Stdout); err == nil || !strings.Contains(err.Error(), "apt-get install coreutils cpio dash findutils perl tar xz-utils") {
		t.Errorf("no programs: got %v", err)
	}
}

func TestPrepare(t *testing.T) {
	tree := t.TempDir()
	for name, content := range map[string]string{
		"arch/x86/include/asm/page.h":          "#define PAGE_SHIFT 12 /* 4 KiB */\n",
		"arch/x86/include/generated/asm/irq.h": "int irq;\n",
		"include/config/kernel.release":        "6.1.0\n",
		"include/generated/autoconf.h":         "int conf;\n",
	} {
		file := filepath.Join(tree, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := prepare(tree); err != nil {
		t.Error(err)
	}
}

func TestParseStat(t *testing.T) {
	const rest = " S 17 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 3 22 23\n"
	for _, tt := range []struct {
		text string
		pid  int
		want process
		ok   bool
	}{
		{"42 (xz)" + rest, 42, process{17, 3 * int64(os.Getpagesize())}, true},
		{"42 (a ) (b)" + rest, 42, process{17, 3 * int64(os.Getpagesize())}, true},
		{"42 (xz) S 17", 0, process{}, false},
		{"42", 0, process{}, false},
		{"", 0, process{}, false},
	} {
		if pid, got, ok := parseStat([]byte(tt.text)); ok != tt.ok || pid != tt.pid || ok && got != tt.want {
			t.Errorf("parseStat(%q): got %d, %+v, %t; want %d, %+v, %t", tt.text, pid, got, ok, tt.pid, tt.want, tt.ok)
		}
	}
}

func TestPeakOfAll(t *testing.T) {
	// The memory is the child's of a child: what dd has as its buffer.
	peak, err := peakOfAll(context.Background(), []string{"sh", "-c", "(dd if=/dev/zero of=/dev/null bs=48M count=1; dd if=/dev/zero bs=48M count=1 | sleep 1) 2>/dev/null"})
	if err != nil {
		t.Fatal(err)
	}
	if peak < 40<<20 || peak > 400<<20 {
		t.Errorf("peak of dd bs=48M: got %d bytes, want some 50 MB", peak)
	}
	if _, err := peakOfAll(context.Background(), []string{"sh", "-c", "echo because >&2; exit 3"}); err == nil || !strings.Contains(err.Error(), "exit status 3: because") {
		t.Errorf("failing program: got %v", err)
	}
}
