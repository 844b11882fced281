// SPDX-License-Identifier: Apache-2.0

//go:build bazel

// Package carriers boots what the rules of the other carriers make.
package carriers

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/internal/guest"
)

// boot returns the guest's free memory in KiB, and what it shows of the archive.
func boot(t *testing.T, append string) (free int, r *guest.Result) {
	t.Helper()
	r, err := guest.Run(t.Context(), guest.Config{
		Arch:      "x86_64",
		Image:     os.Getenv("IMAGE"),
		Commands:  []string{"echo 3 > /proc/sys/vm/drop_caches", "grep -E '^(MemTotal|MemFree):' /proc/meminfo"},
		Append:    append,
		MemoryMiB: 256,
		Timeout:   120,
	}, os.Stdout)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range r.Lines {
		if strings.HasPrefix(line, "MemFree:") {
			if _, err := fmt.Sscanf(strings.TrimSpace(strings.TrimPrefix(line, "MemFree:")), "%d kB", &free); err != nil {
				t.Fatalf("read %q: %v", line, err)
			}
		}
	}
	if free == 0 {
		t.Fatal("the guest did not say how much memory is free")
	}
	return free, r
}

// Without the argument the archive's pages are given back with init memory; with
// it the file is there, and its memory is taken.
func TestFreedUnlessAsked(t *testing.T) {
	archive, err := os.ReadFile(os.Getenv("ARCHIVE"))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(archive)
	freeWithout, without := boot(t, "")
	freeWith, with := boot(t, "kheaders")
	if without.ArchiveSize != -1 {
		t.Errorf("without the argument the archive has %d bytes, want no file", without.ArchiveSize)
	}
	if got, want := with.ArchiveSHA256, hex.EncodeToString(sum[:]); got != want || with.ArchiveSize != int64(len(archive)) {
		t.Errorf("with the argument the archive has %d bytes and sha256 %s, want %d and %s", with.ArchiveSize, got, len(archive), want)
	}
	difference, capacity := freeWithout-freeWith, len(archive)/1024
	t.Logf("MemFree: %d kB without the argument, %d kB with it: %d kB for an archive of %d", freeWithout, freeWith, difference, capacity)
	if difference < capacity*9/10 || difference > capacity*11/10 {
		t.Errorf("the argument takes %d kB of memory, want the archive's %d within a tenth", difference, capacity)
	}
}
