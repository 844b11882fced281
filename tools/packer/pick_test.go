// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPickReleaseReplace(t *testing.T) {
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	put := func(name, content string) {
		if err := os.WriteFile(file(name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	const bin = "bazel-out/bin/common/kernel_aarch64/"
	var decl bytes.Buffer
	w := tar.NewWriter(&decl)
	for name, content := range map[string]string{bin + "Module.symvers": "symbols", bin + "include/config/kernel.release": "6.12.23\n"} {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	put("decl.tar.gz", decl.String())
	put("gki-info.txt", "certify_bootimg_extra_args=--prop x\nkernel_release=6.1.57-android14-11\n")
	put("no-info.txt", "kernel_release=\n")

	run(t, 0, "pick", "--tar", file("decl.tar.gz"), "--file", "/Module.symvers="+file("symvers"), "--file", "/kernel.release="+file("release"))
	run(t, 0, "release", "--gki-info", file("gki-info.txt"), "--out", file("gki-release"))
	for name, want := range map[string]string{"symvers": "symbols", "release": "6.12.23\n", "gki-release": "6.1.57-android14-11\n"} {
		if got, err := os.ReadFile(file(name)); err != nil || string(got) != want {
			t.Errorf("%s = %q, %v; want %q", name, got, err, want)
		}
	}

	run(t, 0, "replace", "--tar", file("decl.tar.gz"), "--by", "/Module.symvers="+file("gki-info.txt"), "--out", file("replaced"))
	run(t, 0, "pick", "--tar", file("replaced"), "--file", "/Module.symvers="+file("picked"))
	if got, err := os.ReadFile(file("picked")); err != nil || !strings.HasPrefix(string(got), "certify_bootimg") {
		t.Errorf("the replaced member is %q, %v", got, err)
	}

	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"pick", "--tar", file("decl.tar.gz")}, "--file"},
		{[]string{"pick", "--tar", file("decl.tar.gz"), "--file", "/x"}, `--file is "/x": expected END=OUT`},
		{[]string{"pick", "--tar", file("decl.tar.gz"), "--file", "/.config=" + file("none")}, "it has no such file"},
		{[]string{"pick", "--tar", file("decl.tar.gz"), "--file", "/Module.symvers=" + file("decl.tar.gz")}, "decl.tar.gz"},
		{[]string{"pick", "--tar", file("none"), "--file", "/Module.symvers=" + file("x")}, "no such file"},
		{[]string{"replace", "--tar", file("decl.tar.gz"), "--by", "/x", "--out", file("none")}, `--by is "/x": expected END=FILE`},
		{[]string{"replace", "--tar", file("decl.tar.gz"), "--by", "/x=" + file("symvers"), "--out", file("none")}, "no file's name ends in /x"},
		{[]string{"replace", "--tar", file("decl.tar.gz"), "--by", "/Module.symvers=" + file("symvers"), "--out", file("symvers")}, "symvers"},
		{[]string{"release", "--gki-info", file("no-info.txt"), "--out", file("none")}, "no-info.txt has no line kernel_release="},
		{[]string{"release", "--gki-info", file("none"), "--out", file("x")}, "no such file"},
	} {
		if _, got := run(t, 1, tt.args...); !strings.Contains(got, tt.want) {
			t.Errorf("packer %q: %q, want %q in it", tt.args, got, tt.want)
		}
	}
	if _, err := os.Stat(file("none")); err == nil {
		t.Error("a failed run left its output")
	}
}
