// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
)

func TestTrace(t *testing.T) {
	for name, c := range map[string]struct{ lines, want, fails string }{
		"a root": {lines: `10 execve("/action/krun", ["krun"], []) = 0
10 openat(AT_FDCWD, "/sys/kernel/mm", O_RDONLY) = 3
10 openat(AT_FDCWD, "/etc/passwd", O_RDONLY) = -1 ENOENT (No such file or directory)
14 chroot("/action/root") = 0
10 clone(child_stack=NULL, flags=CLONE_VM <unfinished ...>
10 <... clone resumed>) = 12
12 clone(child_stack=0xc000, flags=CLONE_VM|CLONE_THREAD) = 14
12 vfork() = 13
13 execve("/usr/bin/make", ["make"], 0x1 /* 2 vars */) = 0
13 openat(AT_FDCWD, "/lib/libc.so.6", O_RDONLY|O_CLOEXEC) = 3
13 openat(AT_FDCWD, "scripts/Makefile", O_RDONLY) = 3
13 openat(AT_FDCWD, "/action/out/x", O_RDONLY) = 3
13 execve("/usr/bin/gone", ["gone"], [] <unfinished ...>
`, want: "2 processes started 1 programs and opened 1 files of the root, and none of the machine"},
		"before the root": {lines: `10 execve("/action/krun", ["krun"], []) = 0
10 openat(AT_FDCWD, "/usr/lib/libc.so.6", O_RDONLY) = 3
`, fails: "openat of /usr/lib/libc.so.6 outside of the root"},
		"beside the root": {lines: `10 chroot("/action/root") = 0
10 openat(AT_FDCWD, "/home/me/.config", O_RDONLY) = 3
`, fails: "openat of /home/me/.config, which is of the machine"},
		"a name like a directory's": {lines: `10 chroot("/action/root") = 0
10 openat(AT_FDCWD, "/actions/file", O_RDONLY) = 3
`, fails: "/actions/file, which is of the machine"},
		"nothing":  {lines: "10 chroot(\"/action/root\") = 0\n", fails: "no program of the root was started"},
		"orphan":   {lines: "10 chroot(\"/action/root\") = 0\n11 execve(\"/bin/sh\", [], []) = 0\n", fails: "1 threads of which it is not known"},
		"no trace": {lines: "strace: gone\n", fails: "a line of strace"},
	} {
		trace := newTrace("/action")
		if err := readLines(strings.NewReader(c.lines), trace.line); err != nil {
			t.Fatal(err)
		}
		got, err := trace.end()
		if c.fails != "" {
			if err == nil || !strings.Contains(err.Error(), c.fails) {
				t.Errorf("%s: got %q, %v; want the error %q", name, got, err, c.fails)
			}
		} else if err != nil || got != c.want {
			t.Errorf("%s: got %q, %v; want %q", name, got, err, c.want)
		}
	}
}
