// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/internal/carrier/carriertest"
)

// archives writes a stamped archive, a placeholder and something else.
func archives(t *testing.T) (dir string, archive []byte) {
	t.Helper()
	dir = t.TempDir()
	a := carriertest.Archive(t, carriertest.Release, tar.Header{Name: "Makefile", Size: 100})
	archive = carriertest.Bytes(t, a, a.MinSize())
	for name, content := range map[string][]byte{
		"a.tar.xz":           archive,
		"placeholder.tar.xz": carriertest.Placeholder(t, 4096),
		"text":               []byte("text"),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir, archive
}

// cpioList says what cpio finds in an archive, and returns one of its files.
func cpioList(t *testing.T, content []byte, file string) (list string, got []byte) {
	t.Helper()
	if _, err := exec.LookPath("cpio"); err != nil {
		t.Fatal("cpio is not installed: apt-get install -y cpio")
	}
	run := func(args ...string) []byte {
		cmd := exec.Command("cpio", args...)
		cmd.Env = append(os.Environ(), "LC_ALL=C", "TZ=UTC")
		cmd.Stdin = bytes.NewReader(content)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("cpio %s: %v", args, err)
		}
		return out
	}
	for _, line := range strings.Split(strings.TrimSpace(string(run("-tv", "--numeric-uid-gid", "--quiet"))), "\n") {
		f := strings.Fields(line)
		list += strings.Join([]string{f[0], f[2], f[3], strings.Join(f[5:], " ")}, " ") + "\n"
	}
	return list, run("-i", "--to-stdout", "--quiet", file)
}

func TestInitramfs(t *testing.T) {
	dir, archive := archives(t)
	file := func(name string) string { return filepath.Join(dir, name) }
	read := func(name string) []byte {
		p, err := os.ReadFile(file(name))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	for _, tt := range []struct{ name, list string }{
		{"/kheaders.tar.xz", "-rw-r--r-- 0 0 Jan 1 1970 kheaders.tar.xz\n"},
		{"/usr/lib/k/h.tar.xz", "drwxr-xr-x 0 0 Jan 1 1970 usr\ndrwxr-xr-x 0 0 Jan 1 1970 usr/lib\ndrwxr-xr-x 0 0 Jan 1 1970 usr/lib/k\n-rw-r--r-- 0 0 Jan 1 1970 usr/lib/k/h.tar.xz\n"},
		{"/k", "-rw-r--r-- 0 0 Jan 1 1970 k\n"},
		{"/usr/" + strings.Repeat("k", 255), "drwxr-xr-x 0 0 Jan 1 1970 usr\n-rw-r--r-- 0 0 Jan 1 1970 usr/" + strings.Repeat("k", 255) + "\n"},
	} {
		run(t, 0, "initramfs", "--archive", file("a.tar.xz"), "--name", tt.name, "--out", file("out.cpio"))
		p := read("out.cpio")
		list, content := cpioList(t, p, tt.name[1:])
		if list != tt.list || !bytes.Equal(content, archive) || len(p)%4 != 0 {
			t.Errorf("%s: cpio lists\n%sand the file has %d bytes, all %d; want\n%s%d bytes, a multiple of 4", tt.name, list, len(content), len(p), tt.list, len(archive))
		}
		for n := range 5 {
			first := bytes.Repeat([]byte("x"), n)
			if err := os.WriteFile(file("first"), first, 0o644); err != nil {
				t.Fatal(err)
			}
			run(t, 0, "initramfs", "--archive", file("a.tar.xz"), "--name", tt.name, "--out", file("both"), "--append-to", file("first"))
			want := append(append(first, make([]byte, -n&3)...), p...)
			if got := read("both"); !bytes.Equal(got, want) {
				t.Errorf("%s: appended to %d bytes: got %d other bytes than %d", tt.name, n, len(got), len(want))
			}
		}
	}
	// In place, as a build that has one initramfs wants it.
	want := read("both")
	run(t, 0, "initramfs", "--archive", file("a.tar.xz"), "--name", "/usr/"+strings.Repeat("k", 255), "--out", file("first"), "--append-to", file("first"))
	if !bytes.Equal(read("first"), want) {
		t.Error("appended in place: the bytes differ")
	}
}

func TestInitramfsErrors(t *testing.T) {
	dir, _ := archives(t)
	file := func(name string) string { return filepath.Join(dir, name) }
	out := file("out.cpio")
	if err := os.Link(file("a.tar.xz"), file("link")); err != nil {
		t.Fatal(err)
	}
	with := func(archive, name string, more ...string) []string {
		return append([]string{"initramfs", "--archive", file(archive), "--name", name, "--out", out}, more...)
	}
	if err := syscall.Mkfifo(file("fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	const clean = "expected a clean path to a file"
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"initramfs"}, "--archive FILE is required"},
		{with("a.tar.xz", "/k", "x"), `unexpected argument "x"`},
		{with("a.tar.xz", "kheaders.tar.xz"), `--name is "kheaders.tar.xz": expected an absolute path, such as /kheaders.tar.xz`},
		{with("a.tar.xz", "./k"), "expected an absolute path"},
		{with("a.tar.xz", "../k"), "expected an absolute path"},
		{with("a.tar.xz", "/"), clean},
		{with("a.tar.xz", "//k"), clean},
		{with("a.tar.xz", "/k/"), clean},
		{with("a.tar.xz", "/./k"), clean},
		{with("a.tar.xz", "/usr/../k"), clean},
		{with("a.tar.xz", "/.."), clean},
		{with("a.tar.xz", "/k\x00"), clean},
		{with("a.tar.xz", "/usr/"+strings.Repeat("k", 256)), `--name has a component of 256 bytes, "kkkkkkkkkkkkkkkkkkkk"...: expected at most 255 between two slashes`},
		{with("a.tar.xz", "/lib"), `--name is "/lib": an initramfs has something else of that name`},
		{with("a.tar.xz", "/bin"), "something else of that name"},
		{with("a.tar.xz", "/init"), "something else of that name"},
		{with("a.tar.xz", "/tmp"), "something else of that name"},
		{with("a.tar.xz", "/"+strings.Repeat("k", 4096)), "--name has 4097 bytes: expected at most 4096"},
		{with("a.tar.xz", "/TRAILER!!!"), "that name ends the archive"},
		{with("a.tar.xz", "/init/k.tar.xz"), "/init is the program that an initramfs starts"},
		{with("a.tar.xz", "/lib/k.tar.xz"), "/lib is a symbolic link in many an initramfs, and the kernel would replace it by a directory: expected a path such as /usr/lib/k.tar.xz"},
		{with("a.tar.xz", "/tmp/k"), "/tmp has a mode of its own, and the kernel would make it 0755: expected a path such as /usr/lib/kheaders.tar.xz"},
		{with("a.tar.xz", "/"+otherModes[0]+"/k"), "has a mode of its own"},
		{with("a.tar.xz", "/var/tmp/a/k"), "/var/tmp has a mode of its own"},
		{with("placeholder.tar.xz", "/k"), "it is a placeholder: expected the file that 'packer pack' wrote"},
		{with("text", "/k"), "4 bytes are too few for an xz stream: expected the file that 'packer pack' wrote"},
		{with("none", "/k"), "no such file or directory"},
		{with(".", "/k"), "it is not a regular file"},
		{with("fifo", "/k"), "it is not a regular file"},
		{with("a.tar.xz", "/k", "--append-to", file("none")), "read initramfs: stat "},
		{with("a.tar.xz", "/k", "--append-to", dir), "read initramfs " + dir + ": it is not a regular file, expected a cpio, compressed or not"},
		{with("a.tar.xz", "/k", "--append-to", "/dev/zero"), "read initramfs /dev/zero: it is not a regular file"},
		{[]string{"initramfs", "--archive", file("a.tar.xz"), "--name", "/k", "--out", dir}, "it is a directory"},
		{[]string{"initramfs", "--archive", file("a.tar.xz"), "--name", "/k", "--out", file("a.tar.xz")}, "it is also the archive"},
		{[]string{"initramfs", "--archive", file("a.tar.xz"), "--name", "/k", "--out", file("link")}, "it is also the archive"},
	} {
		_, stderr := run(t, 1, tt.args...)
		if !strings.HasPrefix(stderr, "packer: ") || !strings.Contains(stderr, tt.want) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("packer %.200q: got %q, want one line with %q", tt.args, stderr, tt.want)
		}
		if _, err := os.Stat(out); !os.IsNotExist(err) {
			t.Fatalf("packer %.200q left %s behind", tt.args, out)
		}
	}
}
