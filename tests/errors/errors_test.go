// SPDX-License-Identifier: Apache-2.0

//go:build bazel

// Package errors runs the tools as the rules do, on a real kernel and bad input:
// each time one line says what was expected, the status is 1, and no file is
// left.
package errors

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/internal/testinput"
)

func write(t *testing.T, content string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "input")
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// truncated is the first half of a file.
func truncated(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return write(t, string(content[:len(content)/2]))
}

func TestOneLineAndNoOutput(t *testing.T) {
	packer, patcher := testinput.File(t, "PACKER"), testinput.File(t, "PATCHER")
	vmlinux, stamped, archive := testinput.File(t, "VMLINUX"), testinput.File(t, "STAMPED"), testinput.File(t, "ARCHIVE")
	large, config, release := testinput.File(t, "LARGE"), testinput.File(t, "CONFIG"), testinput.File(t, "RELEASE")
	headers := testinput.File(t, "HEADERS")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	pack := func(symvers string) []string {
		return []string{packer, "pack", "--profile", "module", "--arch", "x86_64", "--tree", headers, "--config", config, "--release", release, "--symvers", symvers}
	}
	stamp := func(carrier, archive string) []string {
		return []string{patcher, "stamp", "--carrier", carrier, "--archive", archive}
	}
	for _, test := range []struct {
		name    string
		command []string
		want    []string // all in the one line
	}{
		{"Module.symvers is missing", pack(filepath.Join(t.TempDir(), "Module.symvers")), []string{"Module.symvers", "no such file"}},
		{"Module.symvers is empty", pack(write(t, "")), []string{"empty"}},
		{"Module.symvers is not one", pack(write(t, "hello\n")), []string{":1"}},
		{"vmlinux has no placeholder", stamp(self, archive), []string{"expected"}},
		{"vmlinux is stamped already", stamp(stamped, archive), []string{"--restamp"}},
		{"vmlinux is truncated", stamp(truncated(t, vmlinux), archive), []string{"truncated"}},
		{"archive is not xz", stamp(vmlinux, config), []string{"xz"}},
		{"archive is truncated", stamp(vmlinux, truncated(t, archive)), []string{"archive"}},
		{"archive is too large", stamp(vmlinux, large), []string{"capacity", "kheaders_placeholder"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			out := filepath.Join(dir, "out")
			cmd := exec.Command(test.command[0], append(test.command[1:], "--out", out)...)
			text, err := cmd.CombinedOutput()
			if err == nil {
				t.Fatalf("it succeeded, want exit status 1\n%s", text)
			}
			if code := cmd.ProcessState.ExitCode(); code != 1 {
				t.Errorf("exit status = %d, want 1", code)
			}
			if lines := strings.Count(string(text), "\n"); lines != 1 {
				t.Errorf("%d lines, want 1:\n%s", lines, text)
			}
			for _, want := range test.want {
				if !strings.Contains(string(text), want) {
					t.Errorf("message has no %q:\n%s", want, text)
				}
			}
			if left, _ := os.ReadDir(dir); len(left) > 0 {
				t.Errorf("files are left: %v", left)
			}
		})
	}
}

// The same tools do their work on good input: the cases above fail for their
// own reason.
func TestGoodInput(t *testing.T) {
	packer, patcher := testinput.File(t, "PACKER"), testinput.File(t, "PATCHER")
	dir := t.TempDir()
	archive, stamped := filepath.Join(dir, "archive"), filepath.Join(dir, "stamped")
	for _, command := range [][]string{
		{packer, "pack", "--profile", "module", "--arch", "x86_64", "--tree", testinput.File(t, "HEADERS"), "--config", testinput.File(t, "CONFIG"),
			"--release", testinput.File(t, "RELEASE"), "--symvers", testinput.File(t, "SYMVERS"), "--out", archive},
		{patcher, "stamp", "--carrier", testinput.File(t, "VMLINUX"), "--archive", archive, "--out", stamped},
		{patcher, "verify", "--original", testinput.File(t, "VMLINUX"), stamped},
	} {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", strings.Join(command, " "), err, out)
		}
	}
}
