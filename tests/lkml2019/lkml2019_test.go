// SPDX-License-Identifier: Apache-2.0

//go:build bazel

// Package lkml2019 tests the two builds that Module.symvers in the archive broke
// in 2019 (LKML, "Provide in-kernel headers"): one with O=, and one from a
// pristine tree. //tests/own_build has the same in the source's own directory.
package lkml2019

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

type report struct {
	SourceFiles    int      `json:"source_files"`
	SourceReadOnly bool     `json:"source_read_only"`
	SourceChanged  []string `json:"source_changed"`
}

func readReport(t *testing.T) report {
	t.Helper()
	text, err := os.ReadFile(os.Getenv("REPORT"))
	if err != nil {
		t.Fatal(err)
	}
	var r report
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// members returns the archive's names from the manifest's last column.
func members(t *testing.T) map[string]bool {
	t.Helper()
	text, err := os.ReadFile(os.Getenv("MANIFEST"))
	if err != nil {
		t.Fatal(err)
	}
	names := make(map[string]bool)
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		fields := strings.Fields(line)
		names[fields[len(fields)-1]] = true
	}
	return names
}

// With O=, generated headers lie in another tree than the source's, and
// Module.symvers too: the archive has both trees' files.
func TestBuildWithO(t *testing.T) {
	if changed := readReport(t).SourceChanged; len(changed) > 0 {
		t.Errorf("what the build made is in the source's directory, want it in one of its own (O=): %v", changed)
	}
	names := members(t)
	for _, want := range []string{
		"include/linux/module.h",                      // source
		"include/generated/autoconf.h",                // O=
		"arch/x86/include/asm/module.h",               // source
		"arch/x86/include/generated/uapi/asm/types.h", // O=
		"Module.symvers",                              // O=, after modpost
	} {
		if !names[want] {
			t.Errorf("the archive has no %s", want)
		}
	}
}

// A pristine tree has nothing generated, cannot be written, and is the same
// afterwards.
func TestBuildFromPristineTree(t *testing.T) {
	r := readReport(t)
	if !r.SourceReadOnly {
		t.Error("a program run as make was could write to the source, want a source that is read-only")
	}
	if len(r.SourceChanged) > 0 {
		t.Errorf("the build changed its source: %v", r.SourceChanged)
	}
	if r.SourceFiles < 50000 {
		t.Errorf("%d files were compared, want a whole kernel source", r.SourceFiles)
	}
}
