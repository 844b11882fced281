// SPDX-License-Identifier: Apache-2.0

//go:build bazel

// Package oracle holds stamping against linking twice.
package oracle

import (
	"bytes"
	"debug/elf"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func read(t *testing.T, variable string) []byte {
	t.Helper()
	content, err := os.ReadFile(os.Getenv(variable))
	if err != nil {
		t.Fatal(err)
	}
	if len(content) == 0 {
		t.Fatalf("%s is empty", os.Getenv(variable))
	}
	return content
}

func TestSameSymvers(t *testing.T) {
	if !bytes.Equal(read(t, "MODULE_SYMVERS"), read(t, "RELINKED_SYMVERS")) {
		t.Error("Module.symvers of the second link differs from the first's")
	}
}

// The members that the two guests read: the boot tests show that the stamped
// guest's file is the vmlinux's region, and the relinked one's the archive that
// it was linked with, byte for byte.
func TestSameMembers(t *testing.T) {
	list := func(variable string) string {
		out, err := exec.Command(os.Getenv("PACKER"), "list", os.Getenv(variable)).CombinedOutput()
		if err != nil {
			t.Fatalf("packer list: %v\n%s", err, out)
		}
		return string(out)
	}
	stamped, relinked := list("ARCHIVE_IN_VMLINUX"), list("ARCHIVE")
	if stamped != relinked {
		t.Errorf("the members differ:\n%.2000s\n---\n%.2000s", stamped, relinked)
	}
}

// locatedBy reads a stamp's report.
func locatedBy(t *testing.T, text []byte) string {
	t.Helper()
	var report struct {
		LocatedBy string `json:"located_by"`
	}
	if err := json.Unmarshal(text, &report); err != nil {
		t.Fatal(err)
	}
	return report.LocatedBy
}

func TestLocatedBySymbols(t *testing.T) {
	if got := locatedBy(t, read(t, "STAMP_REPORT")); got != "symbols" {
		t.Errorf("located_by = %q, want symbols: an untouched kheaders.c has no section of its own", got)
	}
}

// A vmlinux without a section of its own for the placeholder, and without
// symbols, is stamped by the marker: what is loaded is the same.
func TestLocatedByMarker(t *testing.T) {
	dir := t.TempDir()
	bare, out, report := filepath.Join(dir, "bare"), filepath.Join(dir, "stamped"), filepath.Join(dir, "report.json")
	for _, command := range [][]string{
		{"strip", "--strip-all", "-o", bare, os.Getenv("VMLINUX")},
		{os.Getenv("PATCHER"), "stamp", "--carrier", bare, "--archive", os.Getenv("ARCHIVE"), "--out", out, "--report", report},
	} {
		if text, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", command[0], err, text)
		}
	}
	text, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	if got := locatedBy(t, text); got != "marker" {
		t.Errorf("located_by = %q, want marker", got)
	}
	got, want := segments(t, out), segments(t, os.Getenv("STAMPED"))
	if len(got) == 0 || len(got) != len(want) {
		t.Fatalf("%d loaded segments and %d, want the same number", len(got), len(want))
	}
	for i := range got {
		if !bytes.Equal(got[i], want[i]) {
			t.Errorf("loaded segment %d differs from that of the vmlinux that was stamped by its symbols", i)
		}
	}
}

// segments are the contents of what is loaded of a program.
func segments(t *testing.T, file string) (contents [][]byte) {
	t.Helper()
	f, err := elf.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type != elf.PT_LOAD {
			continue
		}
		content, err := io.ReadAll(p.Open())
		if err != nil {
			t.Fatal(err)
		}
		contents = append(contents, content)
	}
	return contents
}
