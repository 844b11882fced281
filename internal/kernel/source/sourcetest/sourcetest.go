// SPDX-License-Identifier: Apache-2.0

// Package sourcetest makes sources of kernels for tests.
package sourcetest

import (
	"archive/tar"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// Tar makes a tar of files, with one top directory, and returns its name.
func Tar(t *testing.T, files map[string]string) string {
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
