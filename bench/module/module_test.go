// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/bench/internal/bench"
)

// The test binary is its own launcher, as a benchmark is.
func TestMain(m *testing.M) {
	if os.Args[0] == "bench-launcher" {
		main()
	}
	os.Exit(m.Run())
}

// What is removed, and what is built, is in the directory, whatever its name.
func TestCommands(t *testing.T) {
	parent := t.TempDir()
	dir := filepath.Join(parent, "a user's files")
	beside := filepath.Join(parent, "a") // the first word of dir
	module, tree := filepath.Join(dir, "module"), filepath.Join(dir, "tree")
	for _, d := range []string{beside, module, tree, filepath.Join(dir, "bin")} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	program := func(name, script string) *string {
		file := filepath.Join(dir, "bin", name)
		if err := os.WriteFile(file, []byte("#!/bin/sh\n"+script), 0o755); err != nil {
			t.Fatal(err)
		}
		return &file
	}
	// Each makes what it is to make of the argument that says where.
	archive := filepath.Join(dir, "archive")
	o := options{
		archive: &archive,
		patcher: program("patcher", `[ "$3" = "`+archive+`" ] && mkdir "$5"`),
		kmodule: program("kmodule", `[ -d "$3" ] && : >"${9#hello.ko=}"`),
	}
	program("make", `: >"${4#M=}/hello.ko"`)
	t.Setenv("PATH", filepath.Join(dir, "bin")+":"+os.Getenv("PATH"))
	packed, unpacked, plain := o.commands(dir)
	for _, c := range []bench.Command{packed, unpacked, plain} {
		left := []string{filepath.Join(module, "hello.o"), filepath.Join(module, ".hello.o.cmd"), filepath.Join(module, "hello.mod.c")}
		for _, file := range left {
			if err := os.WriteFile(file, nil, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := bench.Once(context.Background(), c); err != nil {
			t.Error(err)
		}
		for _, file := range left {
			if _, err := os.Stat(file); err == nil {
				t.Errorf("%s: %s is there: it would be taken for built", c.Name, file)
			}
		}
		for _, there := range []string{c.Out, beside} {
			if _, err := os.Stat(there); err != nil {
				t.Errorf("%s: %v", c.Name, err)
			}
		}
	}
}

func TestErrors(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	given := "-archive=a -linux=a -objects=a -kmodule=a -patcher=a -source=a"
	for _, test := range []struct{ args, want string }{
		{"", "start this by 'tools/bazel run //bench:module'"},
		{given + " -runs 0", "runs are 0"},
		{"x", `unexpected argument "x"`},
	} {
		var out strings.Builder
		if err := run(context.Background(), strings.Fields(test.args), &out); err == nil || !strings.Contains(err.Error(), test.want) || out.Len() > 0 {
			t.Errorf("%s: got %v and %q, want %q", test.args, err, out.String(), test.want)
		}
	}
	if err := isModule(self); err == nil || !strings.Contains(err.Error(), "it is no whole module") {
		t.Errorf("a program: got %v", err)
	}
}
