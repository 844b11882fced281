// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// inputs are the files of a small package.
func inputs(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"MODULE.bazel": "module(\n    name = \"x\",\n    version = \"1.2.3\",\n)\n",
		"control":      "Package: x\n", "postinst": "#!/bin/sh\n", "program": "program", "changelog": "x (VERSION)\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func runIn(t *testing.T, dir, args string) ([]byte, error) {
	t.Helper()
	t.Chdir(dir)
	if err := run(strings.Fields(args), io.Discard, io.Discard); err != nil {
		return nil, err
	}
	return os.ReadFile("out")
}

// members takes an ar archive apart.
func members(t *testing.T, p []byte) map[string][]byte {
	t.Helper()
	if !bytes.HasPrefix(p, []byte("!<arch>\n")) {
		t.Fatalf("begins with %q", p[:8])
	}
	all := map[string][]byte{}
	for p = p[8:]; len(p) > 0; {
		size, err := strconv.Atoi(strings.TrimSpace(string(p[48:58])))
		if err != nil || string(p[58:60]) != "`\n" {
			t.Fatalf("header %q: %v", p[:60], err)
		}
		all[strings.TrimSpace(string(p[:16]))] = p[60 : 60+size]
		p = p[60+size+size%2:]
	}
	return all
}

// listing has a line for each member of a gzipped tar.
func listing(t *testing.T, p []byte) string {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(p))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return b.String()
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(h.Name, ".gz") {
			inner, err := gzip.NewReader(bytes.NewReader(text))
			if err == nil {
				text, err = io.ReadAll(inner)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		fmt.Fprintf(&b, "%o %s %s %q\n", h.Mode, h.Uname, h.Name, text)
	}
}

const files = " --file /usr/bin/x:755=program --file /usr/share/doc/x/changelog.gz:644=changelog --file /etc/x:644=program --out out"

func TestDeb(t *testing.T) {
	dir := inputs(t)
	args := "--deb arm64 --control control --script postinst --module MODULE.bazel" + files
	p, err := runIn(t, dir, args)
	if err != nil {
		t.Fatal(err)
	}
	got := members(t, p)
	if v := string(got["debian-binary"]); v != "2.0\n" {
		t.Errorf("debian-binary = %q", v)
	}
	for name, want := range map[string]string{
		"control.tar.gz": `755 root ./ ""
644 root ./conffiles "/etc/x\n"
644 root ./control "Package: x\nArchitecture: arm64\nVersion: 1.2.3\nInstalled-Size: 3\n"
644 root ./md5sums "a9c449d4fa44e9e5a41c574ae55ce4d9  etc/x\na9c449d4fa44e9e5a41c574ae55ce4d9  usr/bin/x\n`,
		"data.tar.gz": `755 root ./ ""
755 root ./etc/ ""
644 root ./etc/x "program"
755 root ./usr/ ""
755 root ./usr/bin/ ""
755 root ./usr/bin/x "program"
755 root ./usr/share/ ""
755 root ./usr/share/doc/ ""
755 root ./usr/share/doc/x/ ""
644 root ./usr/share/doc/x/changelog.gz "x (1.2.3)\n"
`,
	} {
		if list := listing(t, got[name]); !strings.HasPrefix(list, want) {
			t.Errorf("%s has\n%swant\n%s", name, list, want)
		}
	}
	again, err := runIn(t, dir, args)
	if err != nil || !bytes.Equal(again, p) {
		t.Errorf("a second run made other bytes (%v)", err)
	}
}

func TestTarball(t *testing.T) {
	p, err := runIn(t, inputs(t), "--module MODULE.bazel"+files)
	if err != nil {
		t.Fatal(err)
	}
	if list, want := listing(t, p), "755 root usr/ \"\"\n755 root usr/bin/ \"\"\n755 root usr/bin/x \"program\"\n"; !strings.HasPrefix(list, want) {
		t.Errorf("got\n%swant first\n%s", list, want)
	}
}

func TestErrors(t *testing.T) {
	dir := inputs(t)
	for args, want := range map[string]string{
		"--module control --file /x:644=program --out out":           "it has no line such as version",
		"--module MODULE.bazel --file x:644=program --out out":       "expected /PATH:MODE=FILE",
		"--module MODULE.bazel --file /x=program --out out":          "expected /PATH:MODE=FILE",
		"--module MODULE.bazel --file /a/../x:644=program --out out": "expected /PATH:MODE=FILE",
		"--module MODULE.bazel --file /x:644=none --out out":         "no such file",
	} {
		if _, err := runIn(t, dir, args); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", args, err, want)
		}
	}
}
