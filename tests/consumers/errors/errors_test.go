// SPDX-License-Identifier: Apache-2.0

//go:build bazel

// Package errors runs kmodule as the rules do, on a real archive and bad
// sources: what is shown says what is wrong, and nothing else.
package errors

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/tests/internal/testinput"
)

const module = "#include <linux/module.h>\nMODULE_LICENSE(\"GPL\");\n"

// run runs kmodule on sources, and returns what it shows; an exit status other
// than 1, or an output, is a failure.
func run(t *testing.T, command, tree string, sources map[string]string, flags ...string) string {
	t.Helper()
	dir := t.TempDir()
	args := append([]string{command, "--tree", tree, "--scratch", filepath.Join(dir, "scratch")}, flags...)
	for name, content := range sources {
		file := filepath.Join(dir, "given", name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--source", name+"=given/"+name)
	}
	cmd := exec.Command(testinput.File(t, "KMODULE"), args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != 1 {
		t.Fatalf("exit status = %d (%v), want 1\n%s", code, err, out)
	}
	for _, name := range []string{"out.ko", "out.o", "scratch"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			t.Errorf("%s is left", name)
		}
	}
	return string(out)
}

// Of a compiler's message each line begins with the file, or is a piece of it.
var compilers = regexp.MustCompile(`^(given/\S+:\d+:\d+: |given/\S+: In function |\s*\d* \| )|^1 error generated\.\n$`)

func TestDoesNotCompile(t *testing.T) {
	for _, test := range []struct{ name, command, source, text, want string }{
		{"a module", "build", "bad.c", module + "int f(void) { return nothing; }\n", "given/bad.c:3:22: error: "},
		{"an eBPF program", "bpf", "bad.bpf.c", "int f(void) { return nothing; }\n", "given/bad.bpf.c:1:22: error: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			sources := map[string]string{test.source: test.text}
			flags := []string{"--out", "out.o"}
			if test.command == "build" {
				sources["Kbuild"] = "obj-m := bad.o\n"
				flags = []string{"--out", "bad.ko=out.ko"}
			}
			out := run(t, test.command, testinput.File(t, "TREE"), sources, flags...)
			if !strings.Contains(out, test.want) {
				t.Errorf("no %q in:\n%s", test.want, out)
			}
			for line := range strings.Lines(out) {
				if !compilers.MatchString(line) {
					t.Errorf("a line that is none of the compiler's: %s", line)
				}
			}
		})
	}
}

func TestOneLine(t *testing.T) {
	for _, test := range []struct {
		name, text, tree string
		flags, want      []string
	}{
		{"an unknown symbol", module + "int nowhere(void); int f(void); int f(void) { return nowhere(); }\n", "TREE", nil, []string{"undefined nowhere in bad.ko"}},
		{"another release", module, "TREE", []string{"--release", "5.4.0"}, []string{"the archive is for kernel release 6.1.", "expected 5.4.0"}},
		{"no host tools", module, "TREE_WITHOUT_TOOLS", nil, []string{"packed without host tools", "kheaders_host_tools"}},
		{"BTF of a kernel without", module, "TREE", []string{"--base-btf", testinput.File(t, "BTF")}, []string{"no CONFIG_DEBUG_INFO_BTF_MODULES", "leave base_btf out"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			sources := map[string]string{"bad.c": test.text, "Kbuild": "obj-m := bad.o\n"}
			out := run(t, "build", testinput.File(t, test.tree), sources, append(test.flags, "--out", "bad.ko=out.ko")...)
			if lines := strings.Count(out, "\n"); lines != 1 {
				t.Errorf("%d lines, want 1:\n%s", lines, out)
			}
			for _, want := range test.want {
				if !strings.Contains(out, want) {
					t.Errorf("message has no %q:\n%s", want, out)
				}
			}
		})
	}
}
