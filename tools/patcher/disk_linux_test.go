// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// With this in the environment the test binary is patcher, with a tmpfs of
// 8 KiB at the directory that is the value, and then says what is in it: with
// the process, the tmpfs is gone.
const onSmallDisk = "RUN_AS_PATCHER_ON_SMALL_DISK"

func init() {
	modes[onSmallDisk] = func(dir string) int {
		if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=8k"); err != nil {
			fmt.Fprintf(os.Stderr, "mount: %v\n", err)
			return 2
		}
		status := patcher.Main(os.Args[1:], os.Stdout, os.Stderr)
		entries, err := os.ReadDir(dir)
		if err != nil {
			fmt.Fprintf(os.Stderr, "list: %v\n", err)
			return 2
		}
		for _, e := range entries {
			fmt.Println("left:", e.Name())
		}
		return status
	}
}

// TestFullDisk has a disk that is too small for the output: a one-line error,
// and nothing is left on it.
func TestFullDisk(t *testing.T) {
	dir := workspace(t)
	if status, _, stderr := run(t, dir, "", "stamp", "--carrier=vmlinux", "--archive=a.tar.xz", "--out=stamped"); status != 0 {
		t.Fatal(stderr)
	}
	disk := filepath.Join(dir, "disk")
	if err := os.Mkdir(disk, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args   string
		status int
	}{
		{"stamp --carrier=vmlinux --archive=a.tar.xz --out=disk/out", 1},
		{"stamp --carrier=vmlinux --archive=a.tar.xz --out=disk/out --report=disk/report.json", 1},
		{"stamp --carrier=vmlinux --archive=a.tar.xz --out=out --report=disk/report.json", 0},
		{"extract --carrier=stamped --out=disk/out", 1},
		{"extract --carrier=stamped --dir=disk/tree", 1},
	} {
		status, stdout, stderr := runWithDisk(t, dir, disk, strings.Fields(tt.args))
		if tt.status == 0 {
			if status != 0 || stdout != "left: report.json\n" {
				t.Errorf("patcher %s: status %d, stdout %q, stderr %q; want success", tt.args, status, stdout, stderr)
			}
			continue
		}
		if status != 1 || !strings.HasPrefix(stderr, "patcher: ") || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "no space left on device") {
			t.Errorf("patcher %s: status %d, stderr %q; want 1 and one line", tt.args, status, stderr)
		}
		if stdout != "" {
			t.Errorf("patcher %s: %q, want nothing", tt.args, stdout)
		}
	}
}

// runWithDisk runs patcher in dir with a small tmpfs at disk, in a mount
// namespace of its own.
func runWithDisk(t *testing.T, dir, disk string, args []string) (status int, stdout, stderr string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var failed error
	for _, attr := range []*syscall.SysProcAttr{
		{
			Cloneflags:   syscall.CLONE_NEWUSER,
			Unshareflags: syscall.CLONE_NEWNS,
			UidMappings:  []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
			GidMappings:  []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
		},
		{Unshareflags: syscall.CLONE_NEWNS}, // root can where users may not
	} {
		var out, errs strings.Builder
		cmd := exec.Command(self, args...)
		cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = dir, &out, &errs, attr
		cmd.Env = append(os.Environ(), onSmallDisk+"="+disk)
		err := cmd.Run()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			failed = errors.Join(failed, err)
			continue
		}
		return cmd.ProcessState.ExitCode(), out.String(), errs.String()
	}
	t.Fatalf("test needs a mount namespace: run it as root, or allow users namespaces of their own: %v", failed)
	return
}
