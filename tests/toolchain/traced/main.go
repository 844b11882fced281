// SPDX-License-Identifier: Apache-2.0

// Traced runs krun below strace and fails unless what it and all its descendants
// start and open is of the root that krun enters, of the action's own directory, or
// the kernel's. It takes krun's place in a kheaders_toolchain.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "traced:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	runfiles, err := filepath.Abs(os.Args[0] + ".runfiles/_main")
	if err != nil {
		return err
	}
	here, err := os.Getwd()
	if err != nil {
		return err
	}
	krun := filepath.Join(runfiles, "tools/krun/krun_/krun")
	// The directory is that of the repository, whose name differs between versions of Bazel.
	stracing, err := filepath.Glob(filepath.Join(runfiles, "../*kbuild_root/strace"))
	if err != nil {
		return err
	}
	if len(stracing) != 1 {
		return fmt.Errorf("find strace beside %s: got %d, want 1", runfiles, len(stracing))
	}
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	cmd := exec.Command(stracing[0], append([]string{
		"--follow-forks", "--quiet=all", "--signal=none", "--string-limit=4096", "--seccomp-bpf", "--output=/proc/self/fd/3",
		"--trace=chroot,clone,clone3,execve,fork,open,openat,openat2,vfork", krun,
	}, args...)...)
	cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = os.Stdout, os.Stderr, []*os.File{w}
	if err := cmd.Start(); err != nil {
		return err
	}
	w.Close()
	own := []string{here}
	if base, _, ok := strings.Cut(here, "/sandbox/"); ok {
		own = append(own, base+"/execroot") // to which the inputs in a sandbox are links
	}
	t := newTrace(own...)
	read := readLines(r, t.line)
	if err := errors.Join(cmd.Wait(), read); err != nil {
		return err
	}
	summary, err := t.end()
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "traced:", summary)
	return nil
}

// readLines calls f with each line.
func readLines(r io.Reader, f func(string)) error {
	scanner := bufio.NewScanner(r)
	scanner.Buffer(nil, 1<<24)
	for scanner.Scan() {
		f(scanner.Text())
	}
	return scanner.Err()
}
