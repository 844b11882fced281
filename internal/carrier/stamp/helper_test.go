// SPDX-License-Identifier: Apache-2.0

package stamp

import (
	"archive/tar"
	"bytes"
	"debug/elf"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/internal/carrier/carriertest"
)

const capacity = 16 << 10

var x86 = carriertest.ELF{Is64: true, Type: elf.ET_EXEC, Machine: elf.EM_X86_64}

// members is the content of the archives that tests stamp.
var members = []tar.Header{
	{Name: "Makefile", Size: 100},
	{Name: "include/linux/types.h", Size: 5000},
	{Name: "scripts/mod/modpost", Size: 10, Mode: 0o755},
}

// place is a directory with a carrier and an archive in it.
type place struct {
	testing.TB
	dir string
}

func newPlace(t testing.TB, carrier []byte) place {
	p := place{t, t.TempDir()}
	p.write("carrier", carrier)
	p.write("archive", carriertest.Bytes(t, carriertest.Archive(t, carriertest.Release, members...), 12<<10))
	return p
}

func (p place) name(n string) string { return filepath.Join(p.dir, n) }

func (p place) write(n string, content []byte) {
	p.Helper()
	if err := os.WriteFile(p.name(n), content, 0o640); err != nil {
		p.Fatal(err)
	}
}

func (p place) read(n string) []byte {
	p.Helper()
	content, err := os.ReadFile(p.name(n))
	if err != nil {
		p.Fatal(err)
	}
	return content
}

// stamp stamps from into to.
func (p place) stamp(from, to string) {
	p.Helper()
	if err := Stamp(Request{Carrier: p.name(from), Archive: p.name("archive"), Out: p.name(to)}); err != nil {
		p.Fatal(err)
	}
}

// files lists all of the place, to see that nothing was left behind.
func (p place) files() string {
	p.Helper()
	var names []string
	err := filepath.WalkDir(p.dir, func(path string, _ fs.DirEntry, err error) error {
		names = append(names, strings.TrimPrefix(strings.TrimPrefix(path, p.dir), "/"))
		return err
	})
	if err != nil {
		p.Fatal(err)
	}
	return strings.TrimSpace(strings.Join(names, " "))
}

// wantError fails unless err is one line with want in it.
func wantError(t testing.TB, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
		t.Errorf("error %v, want one line with %q", err, want)
	}
}

func placeholder(t testing.TB) []byte { return carriertest.Placeholder(t, capacity) }

// splice returns p with the bytes at from replaced by q.
func splice(p []byte, from int, q []byte) []byte {
	p = bytes.Clone(p)
	copy(p[from:], q)
	return p
}
