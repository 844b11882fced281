// SPDX-License-Identifier: Apache-2.0

// Package bazeltest runs Bazel on this workspace from a program that `bazel run`
// started: for tests whose subject is the build itself.
package bazeltest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// A Workspace is where to run Bazel, and with what startup options.
type Workspace struct {
	Dir     string // this workspace, whose tools/bazel is run
	In      string // another workspace to run it on, or ""
	Startup []string
	Flags   []string // of every command
	Env     []string // added to this program's own, as NAME=VALUE
}

// Here is the workspace that `bazel run` was called in.
func Here() (Workspace, error) {
	dir := os.Getenv("BUILD_WORKSPACE_DIRECTORY")
	if dir == "" {
		return Workspace{}, errors.New("BUILD_WORKSPACE_DIRECTORY is not set; start this by `tools/bazel run`")
	}
	return Workspace{Dir: dir}, nil
}

// Run runs tools/bazel and returns its standard output.
func (w Workspace) Run(args ...string) ([]byte, error) {
	cmd := exec.Command(filepath.Join(w.Dir, "tools/bazel"), slices.Concat(w.Startup, args[:1], w.Flags, args[1:])...)
	cmd.Dir = w.Dir
	if w.In != "" {
		cmd.Dir = w.In
	}
	cmd.Env = append(os.Environ(), w.Env...)
	var out, log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &log
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("bazel %s: %w\n%s", strings.Join(args, " "), err, log.Bytes())
	}
	return out.Bytes(), nil
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
