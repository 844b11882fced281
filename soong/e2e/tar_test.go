// SPDX-License-Identifier: Apache-2.0

//go:build bazel

package e2e

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// members are the files of a tar by name, links followed.
type members map[string][]byte

func readTar(t *testing.T, file string) members {
	t.Helper()
	content := read(t, file)
	var r io.Reader = strings.NewReader(content)
	if strings.HasPrefix(content, "\x1f\x8b") {
		z, err := gzip.NewReader(r)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		r = z
	}
	m, links := make(members), make(map[string]string)
	for tr := tar.NewReader(r); ; {
		h, err := tr.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		name := path.Clean(h.Name)
		switch h.Typeflag {
		case tar.TypeReg:
			p, err := io.ReadAll(tr)
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			m[name] = p
		case tar.TypeSymlink:
			links[name] = path.Join(path.Dir(name), h.Linkname)
		case tar.TypeDir:
		default:
			t.Fatalf("%s: %s is of type %q, which is not known here", file, name, h.Typeflag)
		}
	}
	for name, target := range links {
		for other, ok := links[target]; ok; other, ok = links[target] {
			target = other
		}
		if p, ok := m[target]; ok {
			m[name] = p
		}
		for file, p := range m { // a link to a directory
			if below, ok := strings.CutPrefix(file, target+"/"); ok {
				m[name+"/"+below] = p
			}
		}
	}
	return m
}

func (m members) unpack(t *testing.T, dir string) {
	t.Helper()
	for name, p := range m {
		write(t, filepath.Join(dir, name), string(p))
	}
}

// kleaf writes what of a kernel's files Kleaf has in kernel-headers.tar.gz: *.h below arch and include, in a directory
// (kernel_headers.bzl).
func (m members) kleaf(t *testing.T, file string) {
	t.Helper()
	headers := make(members)
	for name, p := range m {
		if top, _, _ := strings.Cut(name, "/"); (top == "arch" || top == "include") && strings.HasSuffix(name, ".h") {
			headers[name] = p
		}
	}
	headers.write(t, file, "kernel-headers/")
}

func (m members) write(t *testing.T, file, prefix string) {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if err := w.WriteHeader(&tar.Header{Name: prefix + name, Mode: 0o644, Size: int64(len(m[name]))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(m[name]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}
