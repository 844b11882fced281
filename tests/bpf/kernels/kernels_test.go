// SPDX-License-Identifier: Apache-2.0

//go:build bazel

// Package kernels looks at what becomes of a program that is compiled for several kernels.
package kernels

import (
	"debug/elf"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/tests/internal/testinput"
)

// The report names the kernels that the program compiles for, and these alone
// have an object.
func TestKernels(t *testing.T) {
	files := strings.Fields(os.Getenv("KERNELS"))
	if len(files) == 0 {
		t.Fatal("KERNELS is not set; run this by Bazel")
	}
	report, dir := "", ""
	for _, file := range files {
		if strings.HasSuffix(file, ".txt") {
			report, dir = file, strings.TrimSuffix(file, ".txt")
		}
	}
	text, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	want := regexp.MustCompile(`^since_6_12 compiles for 2 of 3 kernels\n6\.1 +6\.1\.\S+ +.*'linux/sched/ext\.h' file not found\n6\.12 +6\.12\.\S+ +compiles\n7\.2 +7\.2\.\S+ +compiles\n$`)
	if !want.Match(text) {
		t.Errorf("the report is %q, want %v", text, want)
	}
	for kernel, there := range map[string]bool{"6.1": false, "6.12": true, "7.2": true} {
		_, err := os.Stat(filepath.Join(dir, kernel, "since_6_12.o"))
		if (err == nil) != there {
			t.Errorf("object for %s: %v, want it there: %v", kernel, err, there)
		}
	}
}

// An object for an arm64 kernel is compiled on any machine.
func TestARM64(t *testing.T) {
	f, err := elf.Open(testinput.File(t, "ARM64"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if f.Machine != elf.EM_BPF || f.Section(".BTF") == nil {
		t.Errorf("machine = %v, want eBPF with BTF", f.Machine)
	}
}
