// SPDX-License-Identifier: Apache-2.0

//go:build bazel

package main

import (
	"bytes"
	"debug/elf"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// The programs run where nothing is installed, and say nothing of where they
// were built.
func TestStatic(t *testing.T) {
	programs := strings.Fields(os.Getenv("PROGRAMS"))
	if len(programs) == 0 {
		t.Fatal("PROGRAMS names none")
	}
	machines := map[string]elf.Machine{"linux_amd64": elf.EM_X86_64, "linux_arm64": elf.EM_AARCH64}
	for _, path := range programs {
		parts := strings.Split(path, "/")
		f, err := elf.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if want := machines[parts[len(parts)-2]]; f.Machine != want {
			t.Errorf("%s is for %v, want %v", path, f.Machine, want)
		}
		for _, p := range f.Progs {
			if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
				t.Errorf("%s is not static: it has %v", path, p.Type)
			}
		}
		if f.Section(".symtab") != nil {
			t.Errorf("%s has its symbols", path)
		}
		f.Close()
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, place := range []string{"/execroot/", "/sandbox/", "bazel-out/k8-"} {
			if i := bytes.Index(content, []byte(place)); i >= 0 {
				t.Errorf("%s names the place that it was built in: %q", path, content[max(0, i-40):min(len(content), i+60)])
			}
		}
		if parts[len(parts)-2] != "linux_amd64" {
			continue
		}
		if out, err := exec.Command(path, "--help").CombinedOutput(); err != nil || !bytes.Contains(out, []byte("Usage")) {
			t.Errorf("%s --help: %v\n%s", path, err, out)
		}
	}
}
