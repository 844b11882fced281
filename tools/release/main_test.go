// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestRelease(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("BUILD_WORKING_DIRECTORY", dir)
	for name, content := range map[string]string{
		"LICENSE": "license\n", "MODULE.bazel": "module(\n    name = \"m\",\n    version = \"1.2.3\",\n)\n",
		"rules/defs.bzl": "x = 1\n", "rules/toolchain/BUILD.bazel": "from source\n", "packer": "\x7fELF",
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{"--program=linux_amd64/packer=packer", "--sources=rules/defs.bzl rules/toolchain/BUILD.bazel", "--license=LICENSE", "--module=MODULE.bazel"}
	for _, to := range []string{"out", filepath.Join(dir, "absolute") + "/"} {
		if err := run(append(args, to), io.Discard, io.Discard); err != nil {
			t.Fatalf("%s: %v", to, err)
		}
	}
	check := exec.Command("sha256sum", "--check", "--strict", "SHA256SUMS")
	check.Dir = "out"
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("sha256sum: %v\n%s", err, out)
	}
	module, err := os.ReadFile("out/MODULE.bazel")
	if err != nil || !strings.Contains(string(module), `version = "1.2.3"`) || strings.Contains(string(module), "rules_go\"") {
		t.Errorf("MODULE.bazel is %q, %v", module, err)
	}
	if toolchain, err := os.ReadFile("out/rules/toolchain/BUILD.bazel"); err != nil || string(toolchain) != toolchainFile {
		t.Errorf("the toolchain's BUILD.bazel is %q, %v", toolchain, err)
	}
	if info, err := os.Stat("out/prebuilt/linux_amd64/packer"); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("packer: %v, %v", info, err)
	}
	if err := run(append(args, "--assets", "assets"), io.Discard, io.Discard); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("assets/tools.lock.json")
	want := fmt.Sprintf("{\n  \"urls\": [\n    \"https://github.com/rules-kheaders/rules_kheaders/releases/download/v1.2.3/{program}-{platform}\"\n  ],\n"+
		"  \"programs\": {\n    \"linux_amd64\": {\n      \"packer\": \"%x\"\n    }\n  }\n}\n", sha256.Sum256([]byte("\x7fELF")))
	if err != nil || string(text) != want {
		t.Errorf("tools.lock.json is %q, %v; want %q", text, err, want)
	}
	if info, err := os.Stat("assets/packer-linux_amd64"); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("the asset packer: %v, %v", info, err)
	}
	for _, tt := range []struct {
		args []string
		want string
	}{
		{append(args, "--assets", "--program=packer=packer", "new"), `program "packer=packer": expected PLATFORM/NAME=FILE`},
		{append(args, "out"), "it is there already, expected the name of a new directory"},
		{args, "got 0 directories, expected one: tools/bazel run //tools:release -- DIR"},
		{append(args[:3:3], "--module=LICENSE", "new"), "it has no line such as version"},
		{append(args, "--sources=soong/kheaders/new.go", "new"), "release soong/kheaders/new.go: the release's Android.bp does not name it"},
		{append(args[:3:3], "new"), "--module FILE is required"},
		{append(args, "--program=packer", "new"), `program "packer": expected NAME=FILE`},
		{append(args, "--program=../x=packer", "new"), `program "../x=packer": expected NAME=FILE, NAME a path within the tree`},
		{append(args, "--sources=../LICENSE", "new"), "release ../LICENSE: it is outside the directory"},
	} {
		if err := run(tt.args, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: got %v, want an error with %q", tt.args, err, tt.want)
		}
		if _, err := os.Stat("new"); err == nil {
			t.Fatalf("%q left a directory behind", tt.args)
		}
	}
}
