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
	"slices"
	"strings"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/tests/internal/testinput"
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

// failure is a command that has to fail, and words of its one line: together
// they are in no other's.
type failure struct {
	name    string
	command []string
	want    []string
}

func failures(t *testing.T) []failure {
	t.Helper()
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
	return []failure{
		{"Module.symvers is missing", pack(filepath.Join(t.TempDir(), "Module.symvers")), []string{"read symbols: open ", "/Module.symvers: no such file"}},
		{"Module.symvers is empty", pack(write(t, "")), []string{"read symbols: ", "it is empty, expected a line for each exported symbol"}},
		{"Module.symvers is not one", pack(write(t, "hello\n")), []string{"/input:1: got 1 fields, expected 5"}},
		{"vmlinux has no placeholder", stamp(self, archive), []string{"no reservation found: expected section .rodata1"}},
		{"vmlinux is stamped already", stamp(stamped, archive), []string{"is stamped already, for release ", "give --restamp to replace the archive"}},
		{"vmlinux is truncated", stamp(truncated(t, vmlinux), archive), []string{"outside the file of ", "truncated file"}},
		{"archive is not xz", stamp(vmlinux, config), []string{"read archive ", "not an xz stream: it does not begin with"}},
		{"archive is truncated", stamp(vmlinux, truncated(t, archive)), []string{"read archive ", `stream does not end with "YZ": it is truncated`}},
		{"archive is too large", stamp(vmlinux, large), []string{"has a capacity of 6291456: set capacity = ", "on kheaders_placeholder / linux_kernel"}},
	}
}

func TestOneLineAndNoOutput(t *testing.T) {
	all := failures(t)
	messages := make(map[string]string)
	for _, test := range all {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			out := filepath.Join(dir, "out")
			cmd := exec.Command(test.command[0], append(test.command[1:], "--out", out)...)
			text, err := cmd.CombinedOutput()
			messages[test.name] = string(text)
			if err == nil {
				t.Fatalf("it succeeded, want exit status 1\n%s", text)
			}
			if code := cmd.ProcessState.ExitCode(); code != 1 {
				t.Errorf("exit status = %d, want 1", code)
			}
			if lines := strings.Count(string(text), "\n"); lines != 1 {
				t.Errorf("%d lines, want 1:\n%s", lines, text)
			}
			if !containsAll(string(text), test.want) {
				t.Errorf("message lacks some of %q:\n%s", test.want, text)
			}
			if left, _ := os.ReadDir(dir); len(left) > 0 {
				t.Errorf("files are left: %v", left)
			}
		})
	}
	for _, test := range all {
		for name, text := range messages {
			if name != test.name && containsAll(text, test.want) {
				t.Errorf("the words of %q are in the message of %q too, so they show nothing:\n%s", test.name, name, text)
			}
		}
	}
}

func containsAll(text string, words []string) bool {
	return !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(text, word) })
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
