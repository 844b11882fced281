// SPDX-License-Identifier: Apache-2.0

//go:build bazel

// Package carriers boots what the rules of the other carriers make.
package carriers

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/internal/kernel/guest"
)

const page = 4096

var (
	// mm/page_alloc.c, free_reserved_area()
	initmem = regexp.MustCompile(`Freeing unused kernel image \(initmem\) memory: (\d+)K`)
	// mm/vmalloc.c, s_show()
	area = regexp.MustCompile(`^0x\S+-0x\S+ .* pages=(\d+) vmalloc\b`)
)

// memory is what a kernel reports of the archive's memory.
type memory struct {
	initmem int // KiB of init memory given back
	copies  int // vmalloc()ed areas of the archive's size
}

func boot(t *testing.T, argument string, capacity int) (memory, *guest.Result) {
	t.Helper()
	r, err := guest.Run(t.Context(), guest.Config{
		Arch:      "x86_64",
		Image:     os.Getenv("IMAGE"),
		Commands:  []string{"dmesg", "cat /proc/vmallocinfo"},
		Append:    argument,
		MemoryMiB: 256,
		Timeout:   120,
	}, os.Stdout)
	if err != nil {
		t.Fatal(err)
	}
	var m memory
	for _, line := range r.Lines {
		if found := initmem.FindStringSubmatch(line); found != nil {
			if m.initmem, err = strconv.Atoi(found[1]); err != nil {
				t.Fatal(err)
			}
		}
		if found := area.FindStringSubmatch(line); found != nil && found[1] == strconv.Itoa((capacity+page-1)/page) {
			m.copies++
		}
	}
	return m, r
}

// The archive's own pages are given back with init memory, always; with the
// argument there is a copy and the file. The argument is a boolean of the
// kernel's (kstrtobool), and no other argument begins with its name.
func TestArgument(t *testing.T) {
	archive, err := os.ReadFile(os.Getenv("ARCHIVE"))
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256(archive)
	sum := hex.EncodeToString(digest[:])
	for _, test := range []struct {
		argument string
		keeps    bool
		says     string // on the console
	}{
		{"", false, ""},
		{"kheaders", true, ""},
		{"kheaders=1", true, ""},
		{"kheaders=y", true, ""},
		{"kheaders=on", true, ""},
		{"kheaders=0", false, ""},
		{"kheaders=n", false, ""},
		{"kheaders=off", false, ""},
		{"kheaders kheaders=0", false, ""},
		{"kheaders=", false, "`' invalid for parameter `kheaders'"},
		{"kheaders=x", false, "`x' invalid for parameter `kheaders'"},
		{"kheaders_x", false, ""},
		{"kheaders_x=1", false, ""},
		{"nokheaders", false, ""},
	} {
		t.Run(test.argument, func(t *testing.T) {
			m, r := boot(t, test.argument, len(archive))
			size, want := int64(-1), ""
			if test.keeps {
				size, want = int64(len(archive)), sum
			}
			if r.ArchiveSize != size || r.ArchiveSHA256 != want {
				t.Errorf("the archive has %d bytes and sha256 %q, want %d and %q", r.ArchiveSize, r.ArchiveSHA256, size, want)
			}
			if m.initmem < len(archive)/1024 {
				t.Errorf("%d KiB of init memory were given back, want at least the archive's %d", m.initmem, len(archive)/1024)
			}
			if got := m.copies == 1; got != test.keeps || m.copies > 1 {
				t.Errorf("vmalloc has %d areas of the archive's size, want a copy: %v", m.copies, test.keeps)
			}
			if console := strings.Join(r.Lines, "\n"); test.says != "" && !strings.Contains(console, test.says) {
				t.Errorf("the console has no %q", test.says)
			}
			fmt.Printf("%q: %d KiB of init memory given back, %d copies\n", test.argument, m.initmem, m.copies)
		})
	}
}
