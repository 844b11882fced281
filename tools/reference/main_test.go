// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// message appends fields, each a number and its content: a string, a nested
// message or a number.
func message(fields ...any) (p []byte) {
	for i := 0; i < len(fields); i += 2 {
		number := protowire.Number(fields[i].(int))
		switch v := fields[i+1].(type) {
		case string:
			p = protowire.AppendString(protowire.AppendTag(p, number, protowire.BytesType), v)
		case []byte:
			p = protowire.AppendBytes(protowire.AppendTag(p, number, protowire.BytesType), v)
		case int:
			p = protowire.AppendVarint(protowire.AppendTag(p, number, protowire.VarintType), uint64(v))
		}
	}
	return p
}

func TestRun(t *testing.T) {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out.md")
	module := message(6, "//rules:defs.bzl", 5, "The API.",
		1, message(1, "stamp_it", 2, "Stamps.\n", 3, message(1, "b", 2, "a | b\nc", 3, 5, 6, "[]"), 3, message(1, "a", 3, 3, 4, 1)),
		3, message(1, "golden_test", 3, "Compares.\n\n    golden_test(…)\n", 2, message(1, "name", 4, 1, 2, "the test."),
			2, message(1, "detail", 2, "`names` | `all`.", 3, `"names"`, 5, 1), 2, message(1, "args", 5, 4), 2, message(1, "kwargs", 2, "as of all.", 5, 5)),
		3, message(1, "helper", 3, "Helps.", 4, message(1, "A list."), 5, message(1, "by nothing.")),
		9, message(1, "build_it", 2, "Builds.", 3, message(1, "a", 3, 3, 4, 1)),
		2, message(1, "Info", 2, "A kernel.", 3, message(1, "vmlinux", 2, "(File) it.")),
		7, message(1, "linux", 2, "Kernels.", 3, message(1, "source", 2, "One.", 3, message(1, "sha256", 3, 4, 4, 1))))
	if err := os.WriteFile(in, module, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := run([]string{"--out", out, in}, os.Stdout, os.Stderr); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"# `//rules:defs.bzl`\n\nThe API.\n",
		"## stamp_it\n\nStamps.\n\n| attribute | type | default | |\n|---|---|---|---|\n| `a` | label | required |  |\n| `b` | list of strings | `[]` | a \\| b c |\n",
		"## golden_test (function)\n\nCompares.\n\n    golden_test(…)\n\n| parameter | default | |\n|---|---|---|\n| `name` | required | the test. |\n" +
			"| `detail` | `\"names\"` | `names` \\| `all`. |\n| `*args` |  |  |\n| `**kwargs` |  | as of all. |\n",
		"## helper (function)\n\nHelps.\n\nDeprecated: by nothing.\n\nReturns: A list.\n",
		"## build_it (macro)\n\nBuilds.\n\n| attribute | type | default | |\n|---|---|---|---|\n| `a` | label | required |  |\n",
		"### linux.source\n\nOne.\n\n| attribute | type | default | |\n|---|---|---|---|\n| `sha256` | string | required |  |\n",
		"## Info (provider)\n\nA kernel.\n\n| field | |\n|---|---|\n| `vmlinux` | (File) it. |\n",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
}

func TestErrors(t *testing.T) {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out.md")
	for _, test := range []struct{ name, content, want string }{
		{"text", "hello, this is no message", "expected what starlark_doc_extract wrote"},
		{"empty", "", "no ModuleInfo"},
		{"truncated", string(message(6, "//rules:defs.bzl")[:5]), "unexpected EOF"},
		{"an aspect", string(message(6, "//rules:defs.bzl", 4, message(1, "an_aspect"))), "field 4 of ModuleInfo is none of those that are written"},
		{"a broken function", string(message(6, "//rules:defs.bzl", 3, message(1, "f", 2, message(1, "name")[:3]))), "unexpected EOF"},
	} {
		if err := os.WriteFile(in, []byte(test.content), 0o644); err != nil {
			t.Fatal(err)
		}
		err := run([]string{"--out", out, in}, os.Stdout, os.Stderr)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error = %v, want one with %q", test.name, err, test.want)
		}
		if _, err := os.Stat(out); err == nil {
			t.Errorf("%s: a file was written", test.name)
		}
	}
}
