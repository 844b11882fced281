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
	all := "-headers " + self + " -symvers " + self + " -config " + self + " -linux " + self + " -packer " + self
	for _, tt := range []struct{ args, want string }{
		{"", "FILE is required: start this by 'tools/bazel run //bench:pack'"},
		{"-runs 0", "runs are 0: expected at least one"},
		{"x", `unexpected argument "x"`},
		{all + " -packer /no/such/packer", "/no/such/packer: no such file"},
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
