// SPDX-License-Identifier: Apache-2.0

package kmodule

import (
	"archive/tar"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// sourceTar makes a tar of a source, with one top directory.
func sourceTar(t *testing.T, files map[string]string) string {
	t.Helper()
	out, err := os.Create(filepath.Join(t.TempDir(), "linux.tar"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	w := tar.NewWriter(out)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := w.WriteHeader(&tar.Header{Name: "linux-6.1/" + name, Mode: 0o644, Size: int64(len(files[name]))}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, files[name]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Name()
}

func TestUnpack(t *testing.T) {
	needed := []string{
		"Kbuild", "Makefile", "arch/um/drivers/x.h", "arch/x86/net/x.c", "drivers/gpu/Kconfig", "drivers/gpu/Makefile", "fs/x.h",
		"include/drivers/x.h", "include/net/x.h", "include/sound/x.h", "include/uapi/sound/x.h", "scripts/net/x.c", "sound/soc/Kconfig",
		"tools/lib/api/fs/fs.c",
	}
	not := []string{
		"Documentation/a/b.rst", "arch/arm64/boot/dts/x/x.dts", "drivers/gpu/drm/amd/display/dc/x.h", "drivers/x.c", "fs/ext4/x.c", "net/x.c",
		"sound/soc/x.c", "sound/x.h",
	}
	files := map[string]string{}
	for _, name := range slices.Concat(needed, not) {
		files[name] = name + "\n"
	}
	source := sourceTar(t, files)
	patch := filepath.Join(t.TempDir(), "x.patch")
	if err := os.WriteFile(patch, []byte("--- a/sound/soc/x.c\n+++ b/sound/soc/x.c\n@@ -1 +1 @@\n-sound/soc/x.c\n+patched\n"), 0o644); err != nil {
		t.Fatal(err)
	}

	dir := t.TempDir()
	if err := (Source{Tarball: source}).Unpack(io.Discard, dir, t.TempDir()); err != nil {
		t.Fatal(err)
	}
	for _, name := range needed {
		if !exists(dir, name) {
			t.Errorf("%s was left out", name)
		}
	}
	for _, name := range not {
		if exists(dir, name) {
			t.Errorf("%s was unpacked", name)
		}
	}

	dir = t.TempDir()
	s := Source{Tarball: source, Patches: []string{patch}, Overlay: []string{"drivers/new/dir/x.c=" + patch, "fs/x.h=" + patch}}
	if err := s.Unpack(os.Stderr, dir, t.TempDir()); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "sound/soc/x.c")); err != nil || string(got) != "patched\n" {
		t.Errorf("the patched file is %q, %v", got, err)
	}
	for _, name := range []string{"drivers/new/dir/x.c", "fs/x.h"} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !strings.HasPrefix(string(got), "---") {
			t.Errorf("%s is %q, %v; want the overlay's", name, got, err)
		}
	}
	s.Overlay = []string{"../x=" + patch}
	if err := s.Unpack(io.Discard, t.TempDir(), t.TempDir()); err == nil || !strings.Contains(err.Error(), "expected NAME=FILE") {
		t.Errorf("error = %v, want one of the overlay", err)
	}
}
