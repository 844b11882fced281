// SPDX-License-Identifier: Apache-2.0

// Package devicetest makes archives with given files for tests.
package devicetest

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"hash/crc32"
	"maps"
	"slices"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/internal/archive/container"
	"github.com/rules-kheaders/rules_kheaders/internal/archive/xz"
)

// Headers are the files that every archive of kernel headers has.
func Headers(release string) map[string]string {
	return map[string]string{
		"include/generated/autoconf.h":   "#define CONFIG_X86 1\n",
		"include/generated/utsrelease.h": "#define UTS_RELEASE \"" + release + "\"\n",
		"include/linux/kconfig.h":        "/* */\n",
	}
}

// Complete are the files of an archive that modules can be built with, as far as
// this project's programs look. Its host tools are scripts.
func Complete(release string) map[string]string {
	files := Headers(release)
	files["Makefile"] = "modules:\n\t@$(MAKE) -f $(M)/Kbuild\n"
	files["Module.symvers"] = "0x12345678\tmodule_layout\tvmlinux\tEXPORT_SYMBOL\t\n"
	files["include/config/auto.conf"] = "CONFIG_X86=y\n"
	files["include/config/kernel.release"] = release + "\n"
	files["scripts/basic/fixdep"] = "#!/bin/sh\n"
	files["scripts/mod/modpost"] = "#!/bin/sh\n"
	return files
}

// members are the files as a tar, without its end.
func members(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		mode := int64(0o644)
		if bytes.HasPrefix([]byte(files[name]), []byte("#!")) {
			mode = 0o755
		}
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: mode, Size: int64(len(files[name]))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(files[name])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Archive returns an archive of the files as packer makes it.
func Archive(t testing.TB, release string, files map[string]string) []byte {
	t.Helper()
	p := members(t, files)
	a := &container.Archive{
		Marker:  container.Marker{Stamped: true, Release: release, Members: len(files), Content: sha256.Sum256(p)},
		Content: []xz.Block{xz.Stored(p)},
	}
	out, err := a.Bytes(a.MinSize())
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Foreign returns a .tar.xz of the files as others make it.
func Foreign(t testing.TB, files map[string]string) []byte {
	t.Helper()
	p := append(members(t, files), make([]byte, 1024)...)
	b := xz.Stored(p)
	b.CRC32 = crc32.ChecksumIEEE(p)
	return xz.AppendStream(nil, []xz.Block{b})
}
