// SPDX-License-Identifier: Apache-2.0

package source

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/internal/kernel/source/sourcetest"
)

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
	source := sourcetest.Tar(t, files)
	patch := filepath.Join(t.TempDir(), "x.patch")
	if err := os.WriteFile(patch, []byte("--- a/sound/soc/x.c\n+++ b/sound/soc/x.c\n@@ -1 +1 @@\n-sound/soc/x.c\n+patched\n"), 0o644); err != nil {
		t.Fatal(err)
	}

	dir := t.TempDir()
	if err := (Source{Tarball: source}).UnpackForModules(io.Discard, dir, t.TempDir()); err != nil {
		t.Fatal(err)
	}
	for _, name := range needed {
		if !exists(filepath.Join(dir, name)) {
			t.Errorf("%s was left out", name)
		}
	}
	for _, name := range not {
		if exists(filepath.Join(dir, name)) {
			t.Errorf("%s was unpacked", name)
		}
	}

	dir = t.TempDir()
	s := Source{Tarball: source, Patches: []string{patch}, Overlay: []string{"drivers/new/dir/x.c=" + patch, "fs/x.h=" + patch}}
	if err := s.UnpackForModules(os.Stderr, dir, t.TempDir()); err != nil {
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
	if err := s.UnpackForModules(io.Discard, t.TempDir(), t.TempDir()); err == nil || !strings.Contains(err.Error(), "expected NAME=FILE") {
		t.Errorf("error = %v, want one of the overlay", err)
	}
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

func TestErrors(t *testing.T) {
	const patch = "--- a/Kbuild\n+++ b/Kbuild\n@@ -1 +1 @@\n-# one\n+# two\n"
	write := func(content string) string {
		file := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		return file
	}
	good := sourcetest.Tar(t, map[string]string{"Kbuild": "# other\n"})
	for _, test := range []struct {
		name, want string
		source     Source
	}{
		{"no tar", "unpack", Source{Tarball: write("hello")}},
		{"no kernel", "expected a kernel source", Source{Tarball: sourcetest.Tar(t, map[string]string{"README": ""})}},
		{"a patch that does not apply", "patch the source with", Source{Tarball: good, Patches: []string{write(patch)}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := test.source.Unpack(io.Discard, t.TempDir(), t.TempDir())
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error = %v, want one with %q", err, test.want)
			}
		})
	}
}
