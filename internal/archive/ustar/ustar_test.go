// SPDX-License-Identifier: Apache-2.0

package ustar

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
		m     Member
	}{
		{"plain", 0, Member{"Makefile", 0o644, []byte("all:\n")}},
		{"program", 1_700_000_000, Member{"scripts/mod/modpost", 0o755, []byte("\x7fELF")}},
		{"empty", 0, Member{"include/a.h", 0o644, nil}},
		{"whole block", 0, Member{"include/a.h", 0o644, make([]byte, BlockSize)}},
		{"name of 100 bytes", 0, Member{x("n", 100), 0o644, []byte("x")}},
		{"name with a prefix", 0, Member{x("d", 60) + "/" + x("n", 100), 0o644, []byte("x")}},
		{"longest name", 0, Member{x("d", 155) + "/" + x("n", 100), 0o644, []byte("x")}},
		{"prefix of many parts", 0, Member{x("dir/", 38) + "/" + x("n", 80), 0o644, []byte("x")}},
		{"last date", MaxEpoch, Member{"include/a.h", 0o644, []byte("x")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := tt.m.AppendTo(nil, tt.epoch)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := int64(len(p)), tt.m.Size(); got != want || got%BlockSize != 0 {
				t.Errorf("got %d bytes, want %d, a multiple of %d", got, want, BlockSize)
			}
			r := tar.NewReader(bytes.NewReader(p))
			h, err := r.Next()
			if err != nil {
				t.Fatal(err)
			}
			content, err := io.ReadAll(r)
			if err != nil || !bytes.Equal(content, tt.m.Content) {
				t.Errorf("content: got %q, %v; want %q", content, err, tt.m.Content)
			}
			if h.Name != tt.m.Name || h.Mode != int64(tt.m.Mode) || h.Typeflag != tar.TypeReg || h.Format != tar.FormatUSTAR ||
				h.Uid != 0 || h.Gid != 0 || h.Uname != "" || h.Gname != "" || !h.ModTime.Equal(time.Unix(tt.epoch, 0)) {
				t.Errorf("header: got %+v", h)
			}
			if _, err := r.Next(); err != io.EOF {
				t.Errorf("after the member: got %v, want io.EOF", err)
			}
		})
	}
	for _, name := range []string{x("n", 101), x("d", 156) + "/n", "d/" + x("n", 101)} {
		if _, err := (Member{Name: name}).AppendTo(nil, 0); err == nil || !strings.Contains(err.Error(), "too long for a ustar archive") {
			t.Errorf("name of %d bytes: got %v, want an error", len(name), err)
		}
	}
}
