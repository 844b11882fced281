// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rules-kheaders/rules_kheaders/internal/device/devicetest"
	"golang.org/x/sys/unix"
)

// With this in the environment the test binary is kheaders. The value is
// LIMIT:ROOT: the largest file that it may write, in bytes, and a directory to
// take for / first, in a mount namespace of its own; either may be empty.
const asKheaders = "RUN_AS_KHEADERS"

func TestMain(m *testing.M) {
	how, ok := os.LookupEnv(asKheaders)
	if !ok {
		os.Exit(m.Run())
	}
	limit, root, _ := strings.Cut(how, ":")
	if err := prepare(root); err != nil {
		fmt.Fprintln(os.Stderr, "prepare:", err)
		os.Exit(2)
	}
	if n, err := strconv.ParseUint(limit, 10, 63); err == nil {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: n, Max: n}); err != nil {
			panic(err)
		}
	}
	// A script of commands stays in the namespace: what one mounts, the next sees.
	if script, ok := os.LookupEnv(asKheaders + "_SCRIPT"); ok {
		os.Exit(scripted(script))
	}
	main()
}

// prepare makes root the root directory: a tmpfs with /proc, /tmp, and what is
// below the directory itself.
func prepare(root string) error {
	if root == "" {
		return nil
	}
	if err := unix.Mount("", "/", "", unix.MS_PRIVATE|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("make / private: %w", err)
	}
	if err := unix.Mount(root, root, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("bind root: %w", err)
	}
	for _, dir := range []string{"proc", "dev"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			return err
		}
		if err := unix.Mount("/"+dir, filepath.Join(root, dir), "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
			return fmt.Errorf("bind %s: %w", dir, err)
		}
	}
	if _, err := os.Stat(filepath.Join(root, "readonly")); err == nil {
		dir := filepath.Join(root, "lib/modules")
		if err := unix.Mount(dir, dir, "", unix.MS_BIND, ""); err != nil {
			return err
		}
		if err := unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, ""); err != nil {
			return err
		}
	}
	return errors.Join(unix.Chroot(root), os.Chdir("/"))
}

// scripted runs lines of arguments, and beside kheaders itself the commands ls
// and links. It ends at the first that fails.
func scripted(script string) int {
	for _, line := range strings.Split(script, ";") {
		words := strings.Fields(line)
		switch words[0] {
		case "ls":
			entries, err := os.ReadDir(words[1])
			var names []string
			for _, e := range entries {
				names = append(names, e.Name())
			}
			fmt.Printf("%s: %s %v\n", words[1], strings.Join(names, " "), err)
		case "readlink":
			to, err := os.Readlink(words[1])
			fmt.Println(to, err)
		default:
			if status := tool.Main(words, os.Stdout, os.Stdout); status != 0 {
				return status
			}
		}
	}
	return 0
}

type call struct {
	limit, root, script string
	args                []string
}

// command prepares a run in a process of its own.
func (c call) command(t *testing.T) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, c.args...)
	cmd.Env = append(os.Environ(), asKheaders+"="+c.limit+":"+c.root)
	if c.script != "" {
		cmd.Env = append(cmd.Env, asKheaders+"_SCRIPT="+c.script)
	}
	return cmd
}

func (c call) run(t *testing.T) (status int, stdout, stderr string) {
	t.Helper()
	cmd := c.command(t)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		if _, ok := err.(*exec.ExitError); !ok {
			t.Fatal(err)
		}
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// inNamespace is run in a mount namespace, which users get with one of users.
func (c call) inNamespace(t *testing.T) (status int, stdout string) {
	t.Helper()
	var failed error
	attrs := []*syscall.SysProcAttr{{Unshareflags: syscall.CLONE_NEWNS}, {
		Cloneflags:   syscall.CLONE_NEWUSER,
		Unshareflags: syscall.CLONE_NEWNS,
		UidMappings:  []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings:  []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}}
	for _, attr := range attrs {
		cmd := c.command(t)
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = &out, &out, attr
		err := cmd.Run()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			failed = errors.Join(failed, err)
			continue
		}
		return cmd.ProcessState.ExitCode(), out.String()
	}
	t.Fatalf("test needs a mount namespace: run it as root, or allow users namespaces of their own: %v", failed)
	return
}

const imageRelease = "6.1.0-test"

// newImage makes an image with an archive of many files.
func newImage(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	files := devicetest.Complete(imageRelease)
	for i := range 2000 {
		files[fmt.Sprintf("include/linux/h%d.h", i)] = strings.Repeat("x", 500)
	}
	for _, dir := range []string{"usr/lib", "lib/modules/" + imageRelease} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(root, "usr/lib/kheaders.tar.xz"), devicetest.Archive(t, imageRelease, files), 0o644); err != nil {
		t.Fatal(err)
	}
	return root
}

// whole fails unless the tree is complete, or not there.
func whole(t *testing.T, root, when string) (there bool) {
	t.Helper()
	tree := filepath.Join(root, "usr/src/kheaders-"+imageRelease)
	entries, err := os.ReadDir(tree)
	if os.IsNotExist(err) {
		return false
	}
	headers, err2 := os.ReadDir(filepath.Join(tree, "include/linux"))
	if err != nil || err2 != nil || len(headers) != 2001 {
		t.Errorf("%s: the tree has %v, and %d headers (%v, %v), want 2001 or no tree", when, entries, len(headers), err, err2)
	}
	return true
}

func TestCommands(t *testing.T) {
	root := newImage(t)
	archive := filepath.Join(root, "usr/lib/kheaders.tar.xz")
	driver := filepath.Join(t.TempDir(), "blink")
	if err := errors.Join(os.Mkdir(driver, 0o755), os.WriteFile(filepath.Join(driver, "Kbuild"), []byte("obj-m := blink.o\n"), 0o644)); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args           string
		status         int
		stdout, stderr string // substrings
	}{
		{"status --root ROOT", 0, "archive:  ROOT/usr/lib/kheaders.tar.xz, ", ""},
		{"status --root ROOT", 0, "next:     kheaders install --root ROOT", ""},
		{"path --root ROOT", 1, "", "none are unpacked"},
		{"install --root ROOT", 0, "are there now: ROOT/usr/src/kheaders-6.1.0-test, on disk", ""},
		{"install --root ROOT", 0, "are up to date", ""},
		{"install --json --root ROOT", 0, `"made": false`, ""},
		{"install --root ROOT --from " + archive, 0, "are up to date", ""},
		{"path --root ROOT", 0, "ROOT/usr/src/kheaders-6.1.0-test\n", ""},
		{"path --json --root ROOT", 0, `{
  "path": "ROOT/usr/src/kheaders-6.1.0-test"
}`, ""},
		{"status --root ROOT", 0, "headers:  ROOT/usr/src/kheaders-6.1.0-test, on disk", ""},
		{"prune --root ROOT", 0, "removed ROOT/usr/src/kheaders-6.1.0-test", ""},
		{"remove --root ROOT", 1, "", "it has no kernel's modules"},
		{"remove --json --root ROOT --from x", 1, "", "unknown flag --from"},
		{"status --from " + archive, 1, "archive:  none", "another kernel"},
		{"mount --root ROOT", 1, "", "an image has no memory; expected 'kheaders install --root ROOT'"},
		{"build --root ROOT", 1, "", "unknown flag --root"},
		{"build a b", 1, "", "expected one DIR, got 2"},
		{"build " + root, 1, "", "no Kbuild and no Makefile"},
		{"install --root ROOT --from ROOT/none", 1, "", "ROOT/none"},
		{"--help", 0, "kheaders mount [--json] [--from FILE]", ""},
		{"mount --help", 0, "Put the headers into memory, until reboot.", ""},
		{"import " + driver, 0, "kernel_module blink: blink.ko\n", ""},
		{"import --json --archive //:a " + driver, 0, `"name": "blink"`, ""},
		{"import", 1, "", "got 0 directories, expected one, a driver's"},
		{"import " + root, 1, "", "expected a driver's directory"},
		{"load", 1, "", "expected one of status, mount, install, remove, prune, build, import, path"},
	} {
		put := func(s string) string { return strings.ReplaceAll(s, "ROOT", root) }
		status, stdout, stderr := call{args: strings.Fields(put(tt.args))}.run(t)
		if status != tt.status || !strings.Contains(stdout, put(tt.stdout)) || !strings.Contains(stderr, put(tt.stderr)) || tt.stderr == "" && stderr != "" {
			t.Errorf("kheaders %s: status %d, stdout %q, stderr %q; want %d, %q, %q", tt.args, status, stdout, stderr, tt.status, put(tt.stdout), put(tt.stderr))
		}
		if tt.status != 0 && strings.Count(stderr, "\n") != 1 {
			t.Errorf("kheaders %s: stderr %q, want one line", tt.args, stderr)
		}
	}
}

// A signal at any time leaves a tree that is complete or absent, and nothing
// beside it; after SIGKILL, the next run cleans up.
func TestSignals(t *testing.T) {
	root := newImage(t)
	interrupted := 0
	for i := range 24 {
		signal := []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGKILL}[i%3]
		cmd := call{args: []string{"install", "--root", root}}.command(t)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(i) * 6 * time.Millisecond)
		if err := cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		if cmd.ProcessState.Success() {
			if !whole(t, root, "after success") {
				t.Error("no tree after success")
			}
		} else {
			interrupted++
		}
		when := fmt.Sprintf("after %v and %d ms", signal, i*6)
		there := whole(t, root, when)
		entries, err := os.ReadDir(filepath.Join(root, "usr/src"))
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		if left := len(entries); signal != syscall.SIGKILL && (left > 1 || left == 1 && !there) {
			t.Errorf("%s: usr/src has %v", when, entries)
		}
		// What SIGKILL left stays for the next run only if that is the last.
		if i < 23 {
			if err := os.RemoveAll(filepath.Join(root, "usr/src")); err != nil {
				t.Fatal(err)
			}
		}
	}
	if interrupted == 0 {
		t.Error("no run was interrupted")
	}
	if status, _, stderr := (call{args: []string{"install", "--root", root}}).run(t); status != 0 {
		t.Fatal(stderr)
	}
	if entries, err := os.ReadDir(filepath.Join(root, "usr/src")); err != nil || len(entries) != 1 || !whole(t, root, "at last") {
		t.Errorf("at last: usr/src has %v, %v, want the tree alone", entries, err)
	}
}

// Runs at the same time all end well, with one tree.
func TestAtOnce(t *testing.T) {
	root := newImage(t)
	var runs []*exec.Cmd
	var outs []*bytes.Buffer
	for range 6 {
		cmd := call{args: []string{"install", "--json", "--root", root}}.command(t)
		out := new(bytes.Buffer)
		cmd.Stdout, cmd.Stderr = out, os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		runs, outs = append(runs, cmd), append(outs, out)
	}
	made := 0
	for i, cmd := range runs {
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
		var tree struct{ Made bool }
		if err := json.Unmarshal(outs[i].Bytes(), &tree); err != nil {
			t.Error(err)
		}
		if tree.Made {
			made++
		}
	}
	entries, err := os.ReadDir(filepath.Join(root, "usr/src"))
	if made != 1 || err != nil || len(entries) != 1 || !whole(t, root, "at once") {
		t.Errorf("%d runs made a tree, and usr/src has %v, %v; want one", made, entries, err)
	}
}

// A limit on the size of files stands for a disk that is full.
func TestFullDisk(t *testing.T) {
	root := newImage(t)
	status, _, stderr := call{limit: "400", args: []string{"install", "--root", root}}.run(t)
	if status != 1 || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "file too large") {
		t.Errorf("status %d, stderr %q; want 1 and one line", status, stderr)
	}
	for _, dir := range []string{"usr/src", "lib/modules/" + imageRelease} {
		if entries, err := os.ReadDir(filepath.Join(root, dir)); err != nil || len(entries) > 0 {
			t.Errorf("%s has %v, %v, want nothing", dir, entries, err)
		}
	}
}

// running makes a system that runs this machine's kernel.
func running(t *testing.T) (root, release string) {
	t.Helper()
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		t.Fatal(err)
	}
	release = unix.ByteSliceToString(name.Release[:])
	root = t.TempDir()
	for _, dir := range []string{"usr/lib", "lib/modules/" + release, "tmp", "run", "usr/src", "bin"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	// The archive's host tools are scripts.
	if err := os.WriteFile(filepath.Join(root, "bin/sh"), nil, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "usr/lib/kheaders.tar.xz"), devicetest.Archive(t, release, devicetest.Complete(release)), 0o644); err != nil {
		t.Fatal(err)
	}
	return root, release
}

func TestMount(t *testing.T) {
	root, release := running(t)
	script := "mount; mount; path; readlink /lib/modules/REL/build; ls /lib/modules/REL/build/include; ls /run/kheaders; " +
		"install; readlink /lib/modules/REL/source; ls /run/kheaders; mount; remove; ls /run/kheaders; ls /usr/src; ls /lib/modules"
	status, out := call{root: root, script: strings.ReplaceAll(script, "REL", release)}.inNamespace(t)
	want := strings.ReplaceAll(`the headers of REL are there now: /run/kheaders/REL, in memory until reboot
the headers of REL are up to date: /run/kheaders/REL, in memory until reboot
/run/kheaders/REL
/run/kheaders/REL <nil>
/lib/modules/REL/build/include: config generated linux <nil>
/run/kheaders: REL <nil>
the headers of REL are there now: /usr/src/kheaders-REL, on disk
/usr/src/kheaders-REL <nil>
/run/kheaders:  <nil>
the headers of REL are up to date: /usr/src/kheaders-REL, on disk
removed /usr/src/kheaders-REL
/run/kheaders:  <nil>
/usr/src:  <nil>
/lib/modules:  <nil>
`, "REL", release)
	if status != 0 || out != want {
		t.Errorf("status %d, got\n%swant\n%s", status, out, want)
	}
}

// With a full memory nothing is mounted.
func TestMountFull(t *testing.T) {
	root, release := running(t)
	status, out := call{root: root, limit: "20", args: []string{"mount"}}.inNamespace(t)
	if status != 1 || !strings.Contains(out, "file too large") {
		t.Errorf("status %d, got %q; want 1 and the cause", status, out)
	}
	if entries, err := os.ReadDir(filepath.Join(root, "lib/modules", release)); err != nil || len(entries) > 0 {
		t.Errorf("links are %v, %v, want none", entries, err)
	}
}

// Where /lib/modules is read-only, it is covered in memory; where that is not
// allowed, as to users, the error says where the headers are.
func TestMountReadOnly(t *testing.T) {
	root, release := running(t)
	if err := os.WriteFile(filepath.Join(root, "readonly"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	script := strings.ReplaceAll("mount; readlink /lib/modules/REL/build; remove; readlink /lib/modules/REL/build; ls /run/kheaders", "REL", release)
	status, out := call{root: root, script: script}.inNamespace(t)
	want := strings.ReplaceAll(`the headers of REL are there now: /run/kheaders/REL, in memory until reboot
/run/kheaders/REL <nil>
removed /run/kheaders/REL
 readlink /lib/modules/REL/build: no such file or directory
/run/kheaders:  <nil>
`, "REL", release)
	denied := "kheaders: mount: link /lib/modules/" + release + "/build: it is read-only, and an overlay over it fails: "
	if !(status == 0 && out == want) && !(status == 1 && strings.HasPrefix(out, denied) && strings.HasSuffix(out, "the headers are in /run/kheaders/"+release+"\n")) {
		t.Errorf("status %d, got\n%swant\n%s", status, out, want)
	}
}

// A user is told to be root.
func TestNotRoot(t *testing.T) {
	root, _ := running(t)
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"mount", "install", "remove", "prune"} {
		cmd := exec.Command(self, command)
		cmd.Env = append(os.Environ(), asKheaders+"=:")
		if os.Geteuid() == 0 {
			// The test binary may be where users cannot read.
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
			cmd.Path = copyOf(t, self)
		}
		out, err := cmd.CombinedOutput()
		if want := "kheaders: " + command + " needs root: expected 'sudo kheaders " + command + "'\n"; err == nil || string(out) != want {
			t.Errorf("%s: got %q, %v, want %q", command, out, err, want)
		}
	}
}

// copyOf copies a program to where all can run it.
func copyOf(t *testing.T, file string) string {
	t.Helper()
	p, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("/tmp", "kheaders-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	to := filepath.Join(dir, "kheaders")
	if err := errors.Join(os.Chmod(dir, 0o755), os.WriteFile(to, p, 0o755)); err != nil {
		t.Fatal(err)
	}
	return to
}
