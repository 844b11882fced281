// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const testManifest = `0644 2 0000000000000000000000000000000000000000000000000000000000000001 Module.symvers
0644 3 0000000000000000000000000000000000000000000000000000000000000002 include/linux/a.h
`

func TestRun(t *testing.T) {
	for _, tt := range []struct {
		name, golden string
		stdout, err  string
	}{
		{"same", "Module.symvers\ninclude/linux/\n", "", ""},
		{"grown", "include/linux/\n", "+ Module.symvers\n", "//x:archive lacks 0 lines of golden and has 1 others; if that is meant: bazel run //x:y.update"},
		{"shrunk", "Module.symvers\nMakefile\ninclude/linux/\n", "- Makefile\n", "lacks 1 lines"},
		{"empty", "", "+ Module.symvers\n+ include/linux/\n", "bazel run //x:y.update"},
		{"order", "include/linux/\nModule.symvers\n", "", "sorted or spaced"},
		{"no newline", "Module.symvers\ninclude/linux/", "", "sorted or spaced"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			write(t, "manifest", testManifest)
			write(t, "golden", tt.golden)
			s := spec{Manifest: "manifest", Golden: "golden", Detail: "names", Folders: []string{"include"}, Archive: "//x:archive", Update: "//x:y.update"}
			stdout, err := runSpec(t, s)
			if stdout != tt.stdout || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("got %q, %v; want %q, %q", stdout, err, tt.stdout, tt.err)
			}

			// The update makes it pass.
			workspace := t.TempDir()
			t.Setenv("BUILD_WORKSPACE_DIRECTORY", workspace)
			s.Write = true
			if _, err := runSpec(t, s); err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(filepath.Join(workspace, "golden"))
			if want := "Module.symvers\ninclude/linux/\n"; string(got) != want || err != nil {
				t.Errorf("updated: got %q, %v; want %q", got, err, want)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("KHEADERS_MANIFEST_TEST", "")
	t.Setenv("BUILD_WORKSPACE_DIRECTORY", "")
	write(t, "manifest", testManifest)
	write(t, "golden", "")
	write(t, "text", "hello\n")
	for _, tt := range []struct {
		spec spec
		want string
	}{
		{spec{Manifest: "none", Detail: "names"}, "no such file"},
		{spec{Manifest: "text", Detail: "names"}, `text:1: got "hello", expected mode`},
		{spec{Manifest: "manifest", Golden: "none", Detail: "names"}, "no such file"},
		{spec{Manifest: "manifest", Golden: "golden"}, `detail is ""`},
		{spec{Manifest: "manifest", Golden: "golden", Detail: "names", Write: true, Update: "//x:y.update"}, "expected to be started by `bazel run //x:y.update`"},
	} {
		if _, err := runSpec(t, tt.spec); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: got %v, want %q", tt.spec, err, tt.want)
		}
	}
	if err := run(nil, nil, nil); err == nil || !strings.Contains(err.Error(), "no specification") {
		t.Errorf("no arguments: got %v", err)
	}
	if err := run([]string{"text"}, nil, nil); err == nil || !strings.Contains(err.Error(), "read text: invalid character") {
		t.Errorf("no JSON: got %v", err)
	}
}

// A key that a rule of another version writes is not passed over.
func TestUnknownKey(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "spec.json", `{"manifest": "m", "strict": true}`)
	if err := run([]string{"spec.json"}, nil, nil); err == nil || !strings.Contains(err.Error(), `unknown field "strict"`) {
		t.Errorf("got %v", err)
	}
}

func runSpec(t *testing.T, s spec) (string, error) {
	t.Helper()
	p, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	write(t, "spec.json", string(p))
	var out strings.Builder
	err = run([]string{"spec.json"}, &out, nil)
	return out.String(), err
}

func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}
