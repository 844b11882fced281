// SPDX-License-Identifier: Apache-2.0

package kconfig

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReadFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), ".config")
	for _, tt := range []struct {
		text, err string
		want      map[string]string
	}{
		{text: "", want: map[string]string{}},
		{text: "#\n# Linux/x86 6.1.0\n#\nCONFIG_A=y\r\n# CONFIG_B is not set\nCONFIG_S=\"a=b\"\nCONFIG_A=m\n",
			want: map[string]string{"CONFIG_A": "m", "CONFIG_B": "n", "CONFIG_S": `"a=b"`}},
		{text: "CONFIG_A=y\nMODULES=y\n", err: `.config:2: got "MODULES=y", expected CONFIG_NAME=value or`},
	} {
		if err := os.WriteFile(file, []byte(tt.text), 0o644); err != nil {
			t.Fatal(err)
		}
		got, err := ReadFile(file)
		if tt.err != "" {
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%q: got %v, want %q", tt.text, err, tt.err)
			}
		} else if err != nil || !maps.Equal(got, tt.want) {
			t.Errorf("%q: got %v, %v; want %v", tt.text, got, err, tt.want)
		}
	}
}

func TestReadFileLongLine(t *testing.T) {
	file := filepath.Join(t.TempDir(), "auto.conf")
	write := func(length int) {
		text := "CONFIG_A=y\nCONFIG_S=\"" + strings.Repeat("x", length) + "\"\n"
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(100 << 10)
	if got, err := ReadFile(file); err != nil || len(got["CONFIG_S"]) != 100<<10+2 {
		t.Errorf("got %d bytes, %v", len(got["CONFIG_S"]), err)
	}
	write(2 << 20)
	want := file + ":2: the line has more than 1048576 bytes, expected CONFIG_NAME=value"
	if _, err := ReadFile(file); err == nil || err.Error() != want {
		t.Errorf("got %v, want %q", err, want)
	}
}
