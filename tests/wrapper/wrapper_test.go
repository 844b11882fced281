// SPDX-License-Identifier: Apache-2.0

// Package wrapper tests tools/bazel: which Bazel it runs, and what it leaves
// behind when making Debian's fails or is interrupted.
package wrapper

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A machine is a PATH of the programs named here and a workspace with the
// scripts under test.
type machine struct {
	t                     *testing.T
	bin, workspace, cache string
}

func newMachine(t *testing.T) machine {
	t.Helper()
	dir := t.TempDir()
	m := machine{t, filepath.Join(dir, "bin"), filepath.Join(dir, "workspace"), filepath.Join(dir, "cache")}
	for _, d := range []string{m.bin, filepath.Join(m.workspace, "tools/debian")} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{
		"basename", "bash", "cat", "chmod", "cut", "dirname", "env", "find", "flock", "grep", "head", "id", "mkdir", "mv", "printf",
		"readlink", "rm", "rmdir", "sed", "setpriv", "sha256sum", "sleep", "sort", "stat", "tar", "touch", "tr", "uname", "xargs",
	} {
		file, err := exec.LookPath(name)
		if err != nil {
			t.Fatalf("%s is not installed: apt-get install -y coreutils findutils grep sed tar util-linux", name)
		}
		if err := os.Symlink(file, filepath.Join(m.bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"go.mod", "tools/bazel", "tools/debian/modules", "tools/debian/packages", "tools/debian/run", "tools/debian/setup"} {
		content, err := os.ReadFile(filepath.Join("../..", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(m.workspace, name), content, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

// debian puts on the PATH what Debian's Bazel is made with. bwrap fails: the
// root is all that is made.
func (m machine) debian(mmdebstrap string) {
	m.t.Helper()
	m.program("bwrap", "exit 1")
	m.program("newuidmap", "exit 1")
	m.program("mmdebstrap", mmdebstrap)
}

// program puts a shell script on the PATH.
func (m machine) program(name, script string) string {
	m.t.Helper()
	file := filepath.Join(m.bin, name)
	if err := os.WriteFile(file, []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		m.t.Fatal(err)
	}
	return file
}

func (m machine) command(env ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(m.workspace, "tools/bazel"), "info", "release")
	cmd.Dir = m.workspace
	cmd.Env = append([]string{"PATH=" + m.bin, "HOME=" + m.cache, "KHEADERS_CACHE=" + m.cache}, env...)
	return cmd
}

func TestWhichBazel(t *testing.T) {
	version := func(v string) string {
		return `case $1 in --version) echo "bazel ` + v + `" ;; *) echo "bazel ` + v + ` $*" ;; esac`
	}
	t.Run("BAZEL_REAL", func(t *testing.T) {
		m := newMachine(t)
		m.program("bazel", version("9.0.0"))
		real := m.program("given", version("8.4.2"))
		out, err := m.command("BAZEL_REAL=" + real).CombinedOutput()
		if got, want := string(out), "bazel 8.4.2 info release\n"; got != want || err != nil {
			t.Errorf("ran %q, %v; want %q", got, err, want)
		}
	})
	for _, v := range []string{"7.6.0", "7.7.1", "8.0.0rc1", "10.0.0"} {
		t.Run(v+" on the PATH", func(t *testing.T) {
			m := newMachine(t)
			m.program("bazel", version(v))
			out, err := m.command().CombinedOutput()
			if got, want := string(out), "bazel "+v+" info release\n"; got != want || err != nil {
				t.Errorf("ran %q, %v; want %q", got, err, want)
			}
		})
	}
	t.Run("stdin", func(t *testing.T) {
		m := newMachine(t)
		m.program("bazel", `case $1 in --version) echo "bazel 8.0.0" ;; *) cat ;; esac`)
		cmd := m.command()
		cmd.Stdin = strings.NewReader("for the program\n")
		out, err := cmd.CombinedOutput()
		if got, want := string(out), "for the program\n"; got != want || err != nil {
			t.Errorf("Bazel read %q, %v; want %q", got, err, want)
		}
	})
	for _, v := range []string{"4.2.3", "7.5.9", "no_version"} {
		t.Run(v+" on the PATH", func(t *testing.T) {
			m := newMachine(t)
			m.program("bazel", version(v))
			m.debian(`echo "E: no network" >&2; exit 1`)
			out, err := m.command().CombinedOutput()
			if err == nil || !strings.Contains(string(out), "making Debian's Bazel") {
				t.Errorf("got %v:\n%s\nwant it to make Debian's, for this one is too old", err, out)
			}
		})
	}
}

// parts lists what later runs would take for finished.
func (m machine) parts() []string {
	m.t.Helper()
	var names []string
	for _, pattern := range []string{"root-*", "modules-*", "file-*", "rc-*"} {
		found, err := filepath.Glob(filepath.Join(m.cache, pattern))
		if err != nil {
			m.t.Fatal(err)
		}
		for _, f := range found {
			if !strings.HasSuffix(f, ".tmp") {
				names = append(names, filepath.Base(f))
			}
		}
	}
	return names
}

// wholeRoot is an mmdebstrap that writes a tar of one file and one device, all
// of another user's, to its stdout, as in a user namespace.
const wholeRoot = `for last; do :; done
[ "$last" = - ] || { echo "E: target is $last" >&2; exit 1; }
mkdir -p "$KHEADERS_CACHE/made/etc" "$KHEADERS_CACHE/made/dev"
echo here >"$KHEADERS_CACHE/made/etc/from_debian"
echo >"$KHEADERS_CACHE/made/dev/null"
tar --create --owner=100000 --group=100000 --directory "$KHEADERS_CACHE/made" .
`

// The root is of who made it: mmdebstrap's own directories, and its devices, are
// not where root is not the caller.
func TestRootIsTheCallers(t *testing.T) {
	m := newMachine(t)
	m.debian(wholeRoot)
	if out, err := m.command().CombinedOutput(); err == nil || !strings.Contains(string(out), "fetching rules_go") {
		t.Fatalf("got %v:\n%s\nwant the root made, and bwrap to fail then", err, out)
	}
	// Files of Debian packages are fetched meanwhile.
	parts := slices.DeleteFunc(m.parts(), func(name string) bool { return !strings.HasPrefix(name, "root-") })
	if len(parts) != 1 {
		t.Fatalf("made %v, want a root", m.parts())
	}
	root := filepath.Join(m.cache, parts[0])
	for _, name := range []string{"etc", "etc/from_debian", "etc/resolv.conf", "dev"} {
		info, err := os.Stat(filepath.Join(root, name))
		if err != nil {
			t.Error(err)
		} else if got := info.Sys().(*syscall.Stat_t).Uid; got != uint32(os.Getuid()) {
			t.Errorf("%s is the user %d's, want the caller's, %d", name, got, os.Getuid())
		}
	}
	if left, err := os.ReadDir(filepath.Join(root, "dev")); err != nil || len(left) > 0 {
		t.Errorf("dev holds %v, %v; want nothing, for only root can make devices", left, err)
	}
}

func TestMirrorFails(t *testing.T) {
	for _, before := range []string{"", wholeRoot} {
		m := newMachine(t)
		m.debian(before + `echo "E: Unable to locate package bazel-bootstrap" >&2; exit 100`)
		out, err := m.command().CombinedOutput()
		if err == nil || !strings.Contains(string(out), "mmdebstrap forky failed: E: Unable to locate package bazel-bootstrap; see ") {
			t.Errorf("got %v:\n%s\nwant a failure with mmdebstrap's own reason", err, out)
		}
		if got := m.parts(); len(got) > 0 {
			t.Errorf("left %v, want nothing that looks finished", got)
		}
	}
}

// A disk that is full is tar's to say.
func TestUnpackFails(t *testing.T) {
	m := newMachine(t)
	m.debian(`echo this is no tar`)
	out, err := m.command().CombinedOutput()
	if err == nil || !strings.Contains(string(out), "mmdebstrap forky failed: tar: ") || len(m.parts()) > 0 {
		t.Errorf("got %v, left %v:\n%s\nwant a failure with tar's reason", err, m.parts(), out)
	}
}

// A mirror's Release file that has run out is used, with a word about it; the
// date is checked first.
func TestExpiredMirror(t *testing.T) {
	m := newMachine(t)
	m.debian(`case "$*" in
*Check-Valid-Until*) echo "E: second try" >&2 ;;
*) echo "E: Release file for suite is expired (invalid since 1d)" >&2 ;;
esac
exit 100`)
	out, err := m.command().CombinedOutput()
	if err == nil || !strings.Contains(string(out), "without the date check") || !strings.Contains(string(out), "second try") {
		t.Errorf("got %v:\n%s\nwant a second try without the date check", err, out)
	}
}

func TestInterrupted(t *testing.T) {
	m := newMachine(t)
	// The tar is unpacked, and never comes to its end.
	m.debian(wholeRoot + `exec sleep 60`)
	cmd := m.command()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// left is what was unpacked of a part that is not finished.
	left := func() []string {
		files, err := filepath.Glob(filepath.Join(m.cache, "root-*.tmp/etc/from_debian"))
		if err != nil {
			t.Fatal(err)
		}
		return files
	}
	for i := 0; i < 200 && len(left()) == 0; i++ {
		time.Sleep(50 * time.Millisecond)
	}
	before := left()
	// The hard way: nothing can be cleaned up.
	if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("wait: %v, want it killed", err)
	}
	if len(before) != 1 || len(left()) != 1 {
		t.Fatalf("unpacked %v in ten seconds, and %v was left; want one file that is left", before, left())
	}
	if got := m.parts(); len(got) > 0 {
		t.Errorf("left %v, want nothing that looks finished", got)
	}
	// The next run starts from nothing, not from what was left.
	m.program("mmdebstrap", `[ ! -e "$KHEADERS_CACHE"/root-*.tmp/etc ] || echo "E: took what was left" >&2; echo "E: new try" >&2; exit 1`)
	out, err := m.command().CombinedOutput()
	if err == nil || !strings.Contains(string(out), "new try") || strings.Contains(string(out), "took what was left") {
		t.Errorf("got %v:\n%s\nwant a new try in an empty directory", err, out)
	}
}

// Of two first runs at once one installs what is missing, and the other waits:
// apt-get fails where another runs.
func TestTwoFirstRuns(t *testing.T) {
	m := newMachine(t)
	// Root's apt-get is not run.
	if err := os.Remove(filepath.Join(m.bin, "id")); err != nil {
		t.Fatal(err)
	}
	m.program("id", "echo 0")
	m.program("apt-get", `[ "$1" != update ] || exit 0
echo install >>"$KHEADERS_CACHE/installs"
sleep 1
for name in mmdebstrap bwrap; do
  printf '#!/bin/sh\necho "E: no network" >&2\nexit 1\n' >"$0.new"
  chmod +x "$0.new"
  mv "$0.new" "${0%/*}/$name"
done`)
	var outs [2]strings.Builder
	var cmds [2]*exec.Cmd
	for i := range cmds {
		cmds[i] = m.command()
		cmds[i].Stdout, cmds[i].Stderr = &outs[i], &outs[i]
		if err := cmds[i].Start(); err != nil {
			t.Fatal(err)
		}
	}
	for i, cmd := range cmds {
		if err := cmd.Wait(); err == nil || !strings.Contains(outs[i].String(), "no network") {
			t.Errorf("got %v:\n%s\nwant it to come to mmdebstrap", err, &outs[i])
		}
	}
	installs, err := os.ReadFile(filepath.Join(m.cache, "installs"))
	if got, want := string(installs), "install\n"; got != want || err != nil {
		t.Errorf("installed %q, %v; want once", got, err)
	}
}

// What is missing is said all at once, with the command, where it may not be
// installed: here there is no apt-get.
func TestMissingPrograms(t *testing.T) {
	m := newMachine(t)
	out, err := m.command().CombinedOutput()
	want := "apt-get install -y --no-install-recommends mmdebstrap bubblewrap"
	if os.Getuid() != 0 {
		want += " uidmap"
	}
	if err == nil || !strings.Contains(string(out), want) {
		t.Errorf("got %v:\n%s\nwant a failure that says %q", err, out, want)
	}
}

// A SIGTERM to the wrapper ends Bazel's client too, which runs below bwrap: bwrap
// hands no signal on.
func TestTerminated(t *testing.T) {
	m := newMachine(t)
	file := filepath.Join(m.workspace, "tools/debian/setup")
	if err := os.WriteFile(file, []byte("#!/bin/sh\nprintf '%s\\n' \"$KHEADERS_CACHE\" root rc\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	// The client stands for Bazel's, which ends the build at a SIGTERM.
	m.program("client", `trap 'echo ended >"$KHEADERS_CACHE/ended"; exit 8' TERM
echo here >"$KHEADERS_CACHE/started"
for i in 1 2 3 4 5 6 7 8 9 10; do sleep 1 & wait; done`)
	m.program("bwrap", `while [ "$1" != --chdir ]; do shift; done
"$3" "$4" "$5" client &
wait`)
	cmd := m.command()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	appears := func(name string) bool {
		for range 200 {
			if _, err := os.Stat(filepath.Join(m.cache, name)); err == nil {
				return true
			}
			time.Sleep(25 * time.Millisecond)
		}
		return false
	}
	if !appears("started") {
		t.Fatal("the client did not start in five seconds")
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if !appears("ended") {
		t.Error("the client has no signal five seconds after the wrapper's, want SIGTERM")
	}
}

// Without a home, the cache is in a directory for all. What another user may have put
// there is not used.
func TestCacheWithoutHome(t *testing.T) {
	for _, tt := range []struct {
		name  string
		plant func(cache string) error
		used  bool
	}{
		{"nothing", func(string) error { return nil }, true},
		{"the user's own", func(cache string) error { return os.Mkdir(cache, 0o700) }, true},
		{"open to others", func(cache string) error { return errors.Join(os.Mkdir(cache, 0o700), os.Chmod(cache, 0o777)) }, false},
		{"a link", func(cache string) error { return os.Symlink(filepath.Dir(cache), cache) }, false},
		{"a dangling link", func(cache string) error { return os.Symlink("none", cache) }, false},
		{"a file", func(cache string) error { return os.WriteFile(cache, nil, 0o700) }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newMachine(t)
			m.debian(`echo "E: no network" >&2; exit 1`)
			dir := t.TempDir()
			cache := filepath.Join(dir, fmt.Sprintf("rules_kheaders-%d", os.Geteuid()))
			if err := tt.plant(cache); err != nil {
				t.Fatal(err)
			}
			cmd := m.command()
			cmd.Env = []string{"PATH=" + m.bin, "TMPDIR=" + dir}
			out, err := cmd.CombinedOutput()
			want := "use " + cache + ": it is "
			if tt.used {
				want = "making Debian's Bazel, compilers and QEMU in " + cache + "/"
			}
			if err == nil || !strings.Contains(string(out), want) {
				t.Errorf("got %v:\n%s\nwant %q", err, out, want)
			}
			entries, err := os.ReadDir(dir)
			if err != nil || len(entries) != 1 {
				t.Errorf("got %v, %v, want the cache alone", entries, err)
			}
			if info, err := os.Lstat(cache); tt.used && (err != nil || info.Mode() != os.ModeDir|0o700) {
				t.Errorf("got %v, %v, want a directory with mode 0700", info, err)
			}
		})
	}
}
