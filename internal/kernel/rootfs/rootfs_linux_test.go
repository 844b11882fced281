// SPDX-License-Identifier: Apache-2.0

package rootfs

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"debug/elf"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// entry is a member of a tar: a file, or a link of a kind.
type entry struct {
	name, text string
	kind       byte
}

func writeTar(t *testing.T, compress bool, members ...entry) string {
	t.Helper()
	var plain bytes.Buffer
	w := tar.NewWriter(&plain)
	for _, m := range members {
		h := tar.Header{Name: m.name, Typeflag: m.kind, Mode: 0o755}
		switch m.kind {
		case tar.TypeReg:
			h.Size = int64(len(m.text))
		case tar.TypeSymlink, tar.TypeLink:
			h.Linkname = m.text
		}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if m.kind == tar.TypeReg {
			fmt.Fprint(w, m.text)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	content := plain.Bytes()
	if compress {
		var small bytes.Buffer
		z := gzip.NewWriter(&small)
		z.Write(content)
		z.Close()
		content = small.Bytes()
	}
	file := filepath.Join(t.TempDir(), "root.tar")
	if err := os.WriteFile(file, content, 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestUnpack(t *testing.T) {
	for _, compress := range []bool{false, true} {
		file := writeTar(t, compress,
			entry{"./usr/bin/", "", tar.TypeDir},
			entry{"./usr/bin/gcc-16", "compiler", tar.TypeReg},
			entry{"usr/bin/gcc", "gcc-16", tar.TypeSymlink},
			entry{"bin", "usr/bin", tar.TypeSymlink},
			entry{"bin/awk", "/etc/alternatives/awk", tar.TypeSymlink},
			entry{"etc/alternatives/awk", "/usr/bin/mawk", tar.TypeSymlink},
			entry{"usr/bin/cc", "usr/bin/gcc-16", tar.TypeLink},
			entry{"usr/lib/twice", "first", tar.TypeReg},
			entry{"usr/lib/twice", "second", tar.TypeReg},
			entry{"dev/null", "", tar.TypeChar},
		)
		dir := t.TempDir()
		if err := unpack(file, dir); err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]string{"usr/bin/gcc": "compiler", "bin/cc": "compiler", "usr/lib/twice": "second"} {
			got, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil || string(got) != want {
				t.Errorf("%s = %q, %v; want %q", name, got, err, want)
			}
		}
		if got, err := os.Readlink(filepath.Join(dir, "usr/bin/awk")); err != nil || got != "/etc/alternatives/awk" {
			t.Errorf("awk is a link to %q, %v", got, err)
		}
		if _, err := os.Lstat(filepath.Join(dir, "dev/null")); err == nil {
			t.Error("a device was made")
		}
	}
}

// Nothing is written outside, by a name or through a link.
func TestUnpackRefuses(t *testing.T) {
	outside := t.TempDir()
	for name, members := range map[string][]entry{
		"name":       {{"../outside", "text", tar.TypeReg}},
		"link":       {{"out", outside, tar.TypeSymlink}, {"out/file", "text", tar.TypeReg}},
		"hard link":  {{"out", outside, tar.TypeSymlink}, {"file", "text", tar.TypeReg}, {"out/file", "file", tar.TypeLink}},
		"directory":  {{"out", outside, tar.TypeSymlink}, {"out/below/", "", tar.TypeDir}},
		"link there": {{"out", outside, tar.TypeSymlink}, {"out/link", "x", tar.TypeSymlink}},
	} {
		if err := unpack(writeTar(t, false, members...), t.TempDir()); err == nil || !strings.Contains(err.Error(), "expected a root file system") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if entries, err := os.ReadDir(outside); err != nil || len(entries) > 0 {
		t.Errorf("outside: %v, %v", entries, err)
	}
	text := filepath.Join(t.TempDir(), "root.tar")
	if err := os.WriteFile(text, []byte(strings.Repeat("no tar", 200)), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := unpack(text, t.TempDir()); err == nil {
		t.Error("a text was unpacked")
	}
}

// The test is its own program in the root, and what enters it.
func TestMain(m *testing.M) {
	switch os.Getenv("ROOTFS_TEST") {
	case "enter":
		os.Setenv("ROOTFS_TEST", "look")
		err := Programs{Needs: []string{"look=tests"}, From: "root of the test", Root: os.Getenv("ROOTFS_TEST_ROOT")}.Enter(os.Args[1], []string{"/usr/bin/look"})
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	case "lack":
		err := Programs{Needs: []string{"flex=flex", "look=tests", "bison=bison"}, From: "root of the test", Root: os.Getenv("ROOTFS_TEST_ROOT")}.Enter(os.Args[1], []string{"/usr/bin/look"})
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	case "look":
		here, _ := os.Getwd()
		usr, _ := filepath.Glob("/usr/*/*")
		etc, _ := os.ReadDir("/etc")
		machine, _ := os.ReadFile("file")
		_, proc := os.Stat("/proc/self/status")
		fmt.Println(here, os.Getenv("PATH"), usr, len(etc), string(machine), proc == nil)
		os.Exit(7)
	}
	os.Exit(m.Run())
}

// loads are the loader and the libraries of the test, if it has some.
func loads(t *testing.T) (names []string) {
	program, err := elf.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	for _, p := range program.Progs {
		if p.Type == elf.PT_INTERP {
			text := make([]byte, p.Filesz-1)
			p.ReadAt(text, 0)
			names = append(names, string(text))
		}
	}
	if len(names) == 0 {
		return nil
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(names[0], "--list", self).Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range strings.Fields(string(out)) {
		if strings.HasPrefix(word, "/") && word != names[0] {
			names = append(names, word)
		}
	}
	return names
}

func TestRun(t *testing.T) {
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	members := []entry{{"usr/bin/look", string(self), tar.TypeReg}}
	for _, name := range loads(t) {
		library, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		members = append(members, entry{name, string(library), tar.TypeReg})
	}
	file := writeTar(t, false, members...)
	unpacked := t.TempDir()
	if err := unpack(file, unpacked); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(unpacked, link); err != nil {
		t.Fatal(err)
	}
	for _, root := range []string{file, link} {
		t.Run(filepath.Base(root), func(t *testing.T) { testRun(t, root) })
	}
}

func testRun(t *testing.T, root string) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.WriteFile("file", []byte("text"), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("ROOTFS_TEST_ROOT", root)
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	run := func(what string) (int, string, string) {
		t.Setenv("ROOTFS_TEST", what)
		defer os.Unsetenv("ROOTFS_TEST")
		out, err := os.Create(filepath.Join(dir, "out"))
		if err != nil {
			t.Fatal(err)
		}
		log, err := os.Create(filepath.Join(dir, "log"))
		if err != nil {
			t.Fatal(err)
		}
		stdout, stderr := os.Stdout, os.Stderr
		os.Stdout, os.Stderr = out, log
		status, err := Programs{Root: root}.Run(func(dir string) []string { return []string{dir} }, nil)
		os.Stdout, os.Stderr = stdout, stderr
		if err != nil {
			t.Fatal(err)
		}
		printed, _ := os.ReadFile(out.Name())
		said, _ := os.ReadFile(log.Name())
		return status, string(printed), string(said)
	}
	status, out, log := run("enter")
	if want := fmt.Sprintf("%s %s [/usr/bin/look] 0 text true\n", dir, rootPath); status != 7 || out != want {
		t.Errorf("got %d, %q, %s; want 7, %q", status, out, log, want)
	}
	status, _, log = run("lack")
	if want := "root of the test lacks flex, bison, which the build needs; add them there (Debian's packages: bison flex)\n"; status != 1 || log != want {
		t.Errorf("got %d, %q; want 1, %q", status, log, want)
	}
	if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
		t.Errorf("left in TMPDIR: %v, %v", left, err)
	}
}

// With directories of programs PATH is these, by absolute paths, and nothing is unpacked.
func TestRunPath(t *testing.T) {
	if what := os.Getenv("ROOTFS_PATH"); what != "" {
		_, err := Programs{Path: []string{"a", "/b"}, Needs: strings.Fields(os.Getenv("ROOTFS_NEEDS")), From: "programs of x"}.Run(nil, []string{what, "-c", "echo $PATH"})
		fmt.Println(err)
		os.Exit(1)
	}
	dir := t.TempDir()
	t.Chdir(dir)
	for needs, want := range map[string]string{
		"":                  dir + "/a:/b\n",
		"flex=flex sh=dash": "programs of x lacks flex, sh, which the build needs; add them there (Debian's packages: dash flex)\n",
	} {
		cmd := exec.Command("/proc/self/exe", "-test.run=^TestRunPath$")
		cmd.Env = []string{"ROOTFS_PATH=/bin/sh", "ROOTFS_NEEDS=" + needs}
		out, _ := cmd.CombinedOutput()
		if string(out) != want {
			t.Errorf("%q: got %q, want %q", needs, out, want)
		}
	}
}
