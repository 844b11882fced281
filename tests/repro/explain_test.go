// SPDX-License-Identifier: Apache-2.0

//go:build bazel

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Two archives that differ in one header: it is named.
func TestReportNamesTheMember(t *testing.T) {
	dir := t.TempDir()
	packer, patcher := os.Getenv("PACKER"), os.Getenv("PATCHER")
	archive := func(name, content string) string {
		release := filepath.Join(dir, name+".release")
		for file, text := range map[string]string{
			release: "6.1.0\n",
			filepath.Join(dir, name, "include/linux/same.h"):               "int same;\n",
			filepath.Join(dir, name, "include/linux/other.h"):              content,
			filepath.Join(dir, name, "include/generated/autoconf.h"):       "#define CONFIG_MODULES 1\n",
			filepath.Join(dir, name, "arch/x86/include/asm/a.h"):           "int a;\n",
			filepath.Join(dir, name, "arch/x86/include/generated/asm/b.h"): "int b;\n",
		} {
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		out := filepath.Join(dir, name+".tar.xz")
		text, err := exec.Command(packer, "pack", "--profile", "tracing", "--arch", "x86_64", "--release", release,
			"--tree", filepath.Join(dir, name), "--out", out).CombinedOutput()
		if err != nil {
			t.Fatalf("packer pack: %v\n%s", err, text)
		}
		return out
	}
	a, b := archive("a", "int a;\n"), archive("b", "int b;\n")
	var said strings.Builder
	report(&said, packer, patcher, a, b)
	if got := said.String(); !strings.Contains(got, "include/linux/other.h") || strings.Contains(got, "same.h") {
		t.Errorf("got %q, want other.h named and same.h not", got)
	}
	if at, err := firstDifference(a, b); err != nil || at == 0 {
		t.Errorf("firstDifference = %d, %v", at, err)
	}
	if _, err := firstDifference(a, a); err == nil {
		t.Error("a file differs from itself")
	}
}
