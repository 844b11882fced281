// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"archive/tar"
	"bytes"
	"io"
	"strings"
	"testing"
	"time"
)

// TestHeader reads members back with archive/tar.
func TestHeader(t *testing.T) {
	x := strings.Repeat
	tests := []struct {
		name  string
		epoch int64
		m     member
	}{
		{"plain", 0, member{"Makefile", 0o644, []byte("all:\n")}},
		{"program", 1_700_000_000, member{"scripts/mod/modpost", 0o755, []byte("\x7fELF")}},
		{"empty", 0, member{"include/a.h", 0o644, nil}},
		{"whole block", 0, member{"include/a.h", 0o644, make([]byte, blockSize)}},
		{"name of 100 bytes", 0, member{x("n", 100), 0o644, []byte("x")}},
		{"name with a prefix", 0, member{x("d", 60) + "/" + x("n", 100), 0o644, []byte("x")}},
		{"longest name", 0, member{x("d", 155) + "/" + x("n", 100), 0o644, []byte("x")}},
		{"prefix of many parts", 0, member{x("dir/", 38) + "/" + x("n", 80), 0o644, []byte("x")}},
		{"last date", maxEpoch, member{"include/a.h", 0o644, []byte("x")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := tt.m.appendTo(nil, tt.epoch)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := int64(len(p)), tt.m.size(); got != want || got%blockSize != 0 {
				t.Errorf("got %d bytes, want %d, a multiple of %d", got, want, blockSize)
			}
			r := tar.NewReader(bytes.NewReader(p))
			h, err := r.Next()
			if err != nil {
				t.Fatal(err)
			}
			content, err := io.ReadAll(r)
			if err != nil || !bytes.Equal(content, tt.m.content) {
				t.Errorf("content: got %q, %v; want %q", content, err, tt.m.content)
			}
			if h.Name != tt.m.name || h.Mode != int64(tt.m.mode) || h.Typeflag != tar.TypeReg || h.Format != tar.FormatUSTAR ||
				h.Uid != 0 || h.Gid != 0 || h.Uname != "" || h.Gname != "" || !h.ModTime.Equal(time.Unix(tt.epoch, 0)) {
				t.Errorf("header: got %+v", h)
			}
			if _, err := r.Next(); err != io.EOF {
				t.Errorf("after the member: got %v, want io.EOF", err)
			}
		})
	}
	for _, name := range []string{x("n", 101), x("d", 156) + "/n", "d/" + x("n", 101)} {
		if _, err := (member{name: name}).appendTo(nil, 0); err == nil || !strings.Contains(err.Error(), "too long for a ustar archive") {
			t.Errorf("name of %d bytes: got %v, want an error", len(name), err)
		}
	}
}
