// SPDX-License-Identifier: Apache-2.0

//go:build bazel

package e2e

import (
	"path/filepath"
	"strings"
	"testing"
)

// The plugin's own tests, with Soong's packages and those of cc.
func TestPlugin(t *testing.T) {
	tr := newTree(t)
	dir := filepath.Join(tr.gopath, "src", module, "soong/kheaders")
	must(t, dir, goEnv(tr.gopath), "go", "vet", "-tags", "soong", ".")
	out := must(t, dir, goEnv(tr.gopath), "go", "test", "-tags", "soong", "-v", ".")
	for _, name := range []string{"TestArchiveOfSources", "TestErrors/no_symvers", "TestExample", "TestInclude", "TestStamp/image"} {
		if !strings.Contains(out, "--- PASS: "+name+" ") {
			t.Errorf("%s did not run and pass:\n%s", name, out)
		}
	}
}

func TestFormat(t *testing.T) {
	tr := newTree(t)
	files := []string{checkout + "/Android.bp", checkout + "/soong/Android.bp", checkout + "/soong/third_party/Android.bp",
		"device/example/lab/Android.bp", "device/example/lab-kernel/Android.bp"}
	if out := must(t, tr.top, nil, "bpfmt", append([]string{"-d"}, files...)...); out != "" {
		t.Errorf("bpfmt would write:\n%s", out)
	}
	// What it says of a file that it would write otherwise.
	tr.write(t, "bad.bp", "kheaders_archive {name:\"x\"}\n")
	if out, _ := command(t, tr.top, nil, "bpfmt", "-d", "bad.bp"); out == "" {
		t.Error("bpfmt says nothing of a file that is badly formatted")
	}
}
