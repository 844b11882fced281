// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// staging writes a tar as Kleaf's system_dlkm_staging_archive.tar.gz.
func staging(t *testing.T, modules ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "system_dlkm_staging_archive.tar.gz")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	z := gzip.NewWriter(f)
	w := tar.NewWriter(z)
	put := func(h tar.Header, content string) {
		h.Size, h.ModTime = int64(len(content)), time.Unix(1e9, 0)
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, content); err != nil {
			t.Fatal(err)
		}
	}
	put(tar.Header{Name: "./lib/modules/6.12/", Typeflag: tar.TypeDir, Mode: 0o755}, "")
	for _, name := range modules {
		put(tar.Header{Name: "./lib/modules/6.12/kernel/" + name, Typeflag: tar.TypeReg, Mode: 0o644, Uid: 1000}, "old "+name)
	}
	put(tar.Header{Name: "./lib/modules/6.12/link.ko", Typeflag: tar.TypeSymlink, Linkname: "kernel/lib/crc7.ko"}, "")
	if err := errors.Join(w.Close(), z.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	return file
}

// members lists a tar's headers and contents.
func members(t *testing.T, gzipped []byte) string {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(gzipped))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return all.String()
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&all, "%s %c %o %d %d %s %q\n", h.Name, h.Typeflag, h.Mode, h.Uid, h.ModTime.Unix(), h.Linkname, content)
	}
}

func TestReplace(t *testing.T) {
	file := staging(t, "kernel/kheaders.ko", "lib/crc7.ko")
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out, again bytes.Buffer
	by := []Replacement{{"/kheaders.ko", []byte("a longer stamped module")}}
	if err := errors.Join(Replace(file, by, &out), Replace(file, by, &again)); err != nil {
		t.Fatal(err)
	}
	want := strings.Replace(members(t, before), `"old kernel/kheaders.ko"`, `"a longer stamped module"`, 1)
	if got := members(t, out.Bytes()); got != want {
		t.Errorf("the copy has\n%swant\n%s", got, want)
	}
	if !bytes.Equal(out.Bytes(), again.Bytes()) {
		t.Error("two copies differ")
	}

	for _, tt := range []struct{ file, end, want string }{
		{file, "/kheaders2.ko", "no file's name ends in /kheaders2.ko; expected one"},
		{file, "/link.ko", "no file's name ends in /link.ko"},
		{staging(t, "a/kheaders.ko", "b/kheaders.ko"), "/kheaders.ko", "lib/modules/6.12/kernel/a/kheaders.ko ends in /kheaders.ko too"},
		{filepath.Join(t.TempDir(), "none"), "/kheaders.ko", "no such file"},
	} {
		if err := Replace(tt.file, []Replacement{{tt.end, nil}}, io.Discard); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Replace(%s) = %v, want %q in it", tt.end, err, tt.want)
		}
	}
}
