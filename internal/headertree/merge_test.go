// SPDX-License-Identifier: Apache-2.0

package headertree

import (
	"archive/tar"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// write makes files below a new directory and returns their paths by name.
func write(t *testing.T, files map[string]string) map[string]string {
	t.Helper()
	dir := t.TempDir()
	paths := make(map[string]string)
	for name, text := range files {
		paths[name] = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(paths[name]), 0o755); err != nil {
			t.Fatal(err)
		}
		mode := os.FileMode(0o644)
		if strings.HasPrefix(text, "#!") {
			mode = 0o755
		}
		if err := os.WriteFile(paths[name], []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	return paths
}

// untar returns the members' contents by name; a program's name ends in *.
func untar(t *testing.T, file string) map[string]string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	members := make(map[string]string)
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if err == io.EOF {
			return members
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if h.Mode == 0o755 {
			h.Name += "*"
		}
		if !h.ModTime.IsZero() && h.ModTime.Unix() != 0 || h.Uid != 0 {
			t.Errorf("%s: time %v, owner %d, want neither", h.Name, h.ModTime, h.Uid)
		}
		members[h.Name] = string(text)
	}
}

const uts = "#define UTS_RELEASE \"6.1.0-50-amd64\"\n"

func TestMerge(t *testing.T) {
	// As Debian has them: the flavour's directory, the one of all flavours, and the scripts'.
	flavour := map[string]string{
		"Makefile":     "include /usr/src/linux-headers-6.1.0-50-common/Makefile\n",
		releaseFile:    "6.1.176\n",
		utsFile:        uts,
		"include/both": "the flavour's\n",
	}
	common := map[string]string{"Makefile": "VERSION = 6\nPATCHLEVEL = 1\n", "include/both": "common\n", "include/linux/kernel.h": "h\n"}
	scripts := map[string]string{
		"scripts/mod/modpost":             "#!debian",
		"scripts/mod/modpost.real-lsb-32": "#!lsb32",
		"scripts/mod/modpost.real-lsb-64": "#!lsb64",
		"scripts/mod/modpost.real-msb-64": "#!msb64",
	}
	for _, tt := range []struct{ config, modpost string }{
		{"CONFIG_64BIT=y\n", "#!lsb64"},
		{"# CONFIG_64BIT is not set\n", "#!lsb32"},
		{"CONFIG_64BIT=y\nCONFIG_CPU_BIG_ENDIAN=y\n", "#!msb64"},
		{"CONFIG_CPU_BIG_ENDIAN=y\n", "#!debian"}, // there is none for it
	} {
		out := t.TempDir()
		m := Merge{
			Config: write(t, map[string]string{"config": tt.config})["config"],
			Out:    filepath.Join(out, "tree.tar"), Release: filepath.Join(out, "release"),
		}
		for _, root := range []map[string]string{flavour, common, scripts} {
			paths := write(t, root)
			for _, name := range slices.Sorted(maps.Keys(paths)) {
				m.Files = append(m.Files, name+"="+paths[name])
			}
		}
		if err := m.Run(); err != nil {
			t.Fatal(err)
		}
		got := untar(t, m.Out)
		for name, want := range map[string]string{
			"Makefile":               common["Makefile"],
			releaseFile:              "6.1.0-50-amd64\n",
			utsFile:                  uts,
			"include/both":           "the flavour's\n",
			"include/linux/kernel.h": "h\n",
			"scripts/mod/modpost*":   tt.modpost,
		} {
			if got[name] != want {
				t.Errorf("%q: member %s is %q, want %q", tt.config, name, got[name], want)
			}
		}
		if release, err := os.ReadFile(m.Release); string(release) != "6.1.0-50-amd64\n" {
			t.Errorf("release is %q, %v", release, err)
		}
	}
}

func TestMergeErrors(t *testing.T) {
	config := map[string]string{"config": "CONFIG_64BIT=y\n"}
	for _, tt := range []struct {
		name  string
		files map[string]string
		extra string
		want  string
	}{
		{"no release", map[string]string{"Makefile": "VERSION = 6\n"}, "", "no include/generated/utsrelease.h among 1 files"},
		{"no line", map[string]string{utsFile: "\n"}, "", "it has no line such as #define UTS_RELEASE"},
		{"no name", map[string]string{utsFile: uts}, "kernel.h", `file "kernel.h": expected NAME=FILE`},
		{"outside", map[string]string{utsFile: uts}, "../kernel.h=/etc/hosts", `file "../kernel.h=/etc/hosts": expected NAME=FILE`},
		{"missing", map[string]string{utsFile: uts}, "kernel.h=/nonexistent/kernel.h", "put kernel.h into the tree: open /nonexistent/kernel.h"},
	} {
		out := t.TempDir()
		m := Merge{Config: write(t, config)["config"], Out: filepath.Join(out, "tree.tar"), Release: filepath.Join(out, "release")}
		for name, path := range write(t, tt.files) {
			m.Files = append(m.Files, name+"="+path)
		}
		if tt.extra != "" {
			m.Files = append(m.Files, tt.extra)
		}
		if err := m.Run(); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q in it", tt.name, err, tt.want)
		}
		if left, _ := os.ReadDir(out); len(left) > 0 {
			t.Errorf("%s: %d files are left, want none", tt.name, len(left))
		}
	}
}
