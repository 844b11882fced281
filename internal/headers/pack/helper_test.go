// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"archive/tar"
	"compress/gzip"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// tarForm is one of the ways a tree can be a tar archive.
type tarForm struct {
	prefix string
	gzip   bool
	dirs   bool // with members for the directories
	links  bool // arch is a link to a directory elsewhere in the archive
}

func (form tarForm) write(t *testing.T, f files) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tree.tar")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var w io.WriteCloser = file
	if form.gzip {
		w = gzip.NewWriter(file)
		defer w.Close()
	}
	tw := tar.NewWriter(w)
	defer tw.Close()
	names := slices.Collect(maps.Keys(f))
	rand.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	put := func(h tar.Header, content string) {
		h.Mode = []int64{0o400, 0o644, 0o777}[rand.IntN(3)]
		h.Uid, h.Uname = rand.IntN(1000), "builder"
		if err := tw.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(tw, content); err != nil {
			t.Fatal(err)
		}
	}
	if form.links {
		put(tar.Header{Name: "arch", Typeflag: tar.TypeSymlink, Linkname: "real/arch"}, "")
	}
	if form.dirs {
		dirs := make(map[string]bool)
		for _, name := range names {
			for d := filepath.Dir(name); d != "."; d = filepath.Dir(d) {
				dirs[d] = true
			}
		}
		for _, d := range slices.Sorted(maps.Keys(dirs)) {
			put(tar.Header{Name: form.prefix + d + "/", Typeflag: tar.TypeDir}, "")
		}
		put(tar.Header{Name: form.prefix, Typeflag: tar.TypeDir}, "")
	}
	for _, name := range names {
		content := f[name]
		if form.links && strings.HasPrefix(name, "arch/") {
			name = "real/" + name
		}
		if target, ok := strings.CutPrefix(content, "-> "); ok {
			put(tar.Header{Name: form.prefix + name, Typeflag: tar.TypeSymlink, Linkname: target}, "")
			continue
		}
		put(tar.Header{Name: form.prefix + name, Typeflag: tar.TypeReg, Size: int64(len(content))}, content)
	}
	return path
}
