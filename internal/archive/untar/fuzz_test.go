// SPDX-License-Identifier: Apache-2.0

package untar

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Whatever the bytes, what is made is in the directory, links included, and an
// error leaves nothing.
func FuzzExtract(f *testing.F) {
	f.Add(pack(f, file("a/b", "x"), dir("d"), symlink("l", "a/b")))
	f.Add(pack(f, file("../x", "x")))
	f.Add(pack(f, symlink("p/q", "../s"), symlink("m", "p/q/../.."), file("p/q/x", "")))
	f.Add(pack(f, entry{name: "s", typ: tar.TypeGNUSparse}))
	f.Fuzz(func(t *testing.T, p []byte) {
		root := t.TempDir()
		out := filepath.Join(root, "out")
		_, err := Extract(out, bytes.NewReader(p), Limits{Bytes: 64 << 10, Members: 50})
		entries, readErr := os.ReadDir(root)
		if readErr != nil {
			t.Fatal(readErr)
		}
		if err != nil && len(entries) > 0 || len(entries) > 1 {
			t.Fatalf("error %v, and left behind %v", err, entries)
		}
		if err != nil {
			return
		}
		// Whatever was made, following any link stays inside.
		real, err := filepath.EvalSymlinks(out)
		if err != nil {
			t.Fatal(err)
		}
		err = filepath.WalkDir(out, func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.Type() != fs.ModeSymlink {
				return err
			}
			to, err := filepath.EvalSymlinks(p)
			if err == nil && to != real && !strings.HasPrefix(to, real+"/") {
				return fmt.Errorf("%s leads to %s", p, to)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
