// SPDX-License-Identifier: Apache-2.0

// Package bazeltest runs Bazel on this workspace from a program that `bazel run`
// started: for tests whose subject is the build itself.
package bazeltest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Main runs a test program and returns its exit status: 0, or 1 after its error
// on stderr. An interrupt ends ctx and not the program, so that run comes to its
// end as after any other error, and its servers and directories to theirs.
func Main(name string, run func(ctx context.Context, args []string, stdout io.Writer) error) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		return 1
	}
	return 0
}

// A Workspace is where to run Bazel, and with what startup options.
type Workspace struct {
	Context context.Context // ends what Run runs; nil for none
	Dir     string          // this workspace, whose tools/bazel is run
	In      string          // another workspace to run it on, or ""
	Prefix  []string        // a program that runs tools/bazel, with its arguments, or none
	Startup []string
	Flags   []string  // of every command
	Env     []string  // added to this program's own, as NAME=VALUE
	Log     io.Writer // gets what Bazel and the actions say, if it is not nil
}

// Here is the workspace that `bazel run` was called in.
func Here(ctx context.Context) (Workspace, error) {
	dir := os.Getenv("BUILD_WORKSPACE_DIRECTORY")
	if dir == "" {
		return Workspace{}, errors.New("BUILD_WORKSPACE_DIRECTORY is not set; start this by `tools/bazel run`")
	}
	return Workspace{Context: ctx, Dir: dir}, nil
}

// interruptDelay is what Bazel has to end its actions in, for which it gives them
// 15 seconds (--local_termination_grace_seconds), before its client is killed.
const interruptDelay = time.Minute

// Run runs tools/bazel and returns its standard output. Where the context ends,
// Bazel is interrupted, and waited for.
func (w Workspace) Run(args ...string) ([]byte, error) {
	ctx := w.Context
	if ctx == nil {
		ctx = context.Background()
	}
	command := slices.Concat(w.Prefix, []string{filepath.Join(w.Dir, "tools/bazel")}, w.Startup, args[:1], w.Flags, args[1:])
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Dir = w.Dir
	if w.In != "" {
		cmd.Dir = w.In
	}
	cmd.Env = append(os.Environ(), w.Env...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = interruptDelay
	var out, log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &log
	if w.Log != nil {
		cmd.Stderr = io.MultiWriter(&log, w.Log)
	}
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, fmt.Errorf("bazel %s: %w\n%s", strings.Join(args, " "), err, log.Bytes())
	}
	return out.Bytes(), nil
}

// End runs tools/bazel for what is to be done at the end, though the context may
// have ended: to shut a server down.
func (w Workspace) End(args ...string) error {
	w.Context = nil
	_, err := w.Run(args...)
	return err
}

// Need fails unless a program is there, with the package of Debian's that has it.
func Need(program, pkg string) error {
	if _, err := exec.LookPath(program); err != nil {
		return fmt.Errorf("find %s: not on the PATH: install with 'apt-get install %s'", program, pkg)
	}
	return nil
}

// Files returns the absolute paths of targets' default outputs.
func (w Workspace) Files(targets ...string) ([]string, error) {
	// A server that has built more than the targets may know them for tools too.
	out, err := w.Run("cquery", "--output=files", "config("+strings.Join(targets, " + ")+", target)")
	if err != nil {
		return nil, err
	}
	root, err := w.Run("info", "execution_root")
	if err != nil {
		return nil, err
	}
	var files []string
	for _, f := range strings.Fields(string(out)) {
		files = append(files, filepath.Join(strings.TrimSpace(string(root)), f))
	}
	return files, nil
}

// File returns the absolute path of a target's only default output.
func (w Workspace) File(target string) (string, error) {
	files, err := w.Files(target)
	if err != nil {
		return "", err
	}
	if len(files) != 1 {
		return "", fmt.Errorf("%s has %d files, want one: %s", target, len(files), strings.Join(files, " "))
	}
	return files[0], nil
}
