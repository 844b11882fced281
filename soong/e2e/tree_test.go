// SPDX-License-Identifier: Apache-2.0

//go:build bazel

// Package e2e builds the plugin with Debian's Soong, and kernels' archives with
// the plugin.
package e2e

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// module is the import path of this repository.
const module = "github.com/rules-kheaders/rules_kheaders"

// debian is where Debian's packages have their Go sources.
const debian = "/usr/share/gocode"

// needed are the files without which nothing here can be tested.
var needed = []string{
	debian + "/src/android/soong/android/module.go",
	debian + "/src/github.com/google/blueprint/context.go",
	debian + "/src/github.com/golang/protobuf/proto/registry.go",
	"/usr/bin/bpfmt",
	"/usr/bin/bpglob",
	"/usr/bin/go",
	"/usr/bin/minibp",
	"/usr/bin/ninja",
}

const install = "run apt-get install blueprint-tools golang-android-soong-dev golang-github-google-blueprint-dev " +
	"golang-github-golang-protobuf-1-3-dev golang-go ninja-build, or use tools/bazel, which has them"

// work is what all tests of one run share: the compiler's cache is what makes the second fast.
var work string

func TestMain(m *testing.M) { os.Exit(main(m)) }

func main(m *testing.M) int {
	for _, f := range needed {
		if _, err := os.Stat(f); err != nil {
			fmt.Fprintf(os.Stderr, "%v; %s\n", err, install)
			return 1
		}
	}
	var err error
	if work, err = os.MkdirTemp(os.Getenv("TEST_TMPDIR"), "soong"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(work)
	return m.Run()
}

// command runs a program in a directory and returns what it printed.
func command(t *testing.T, dir string, environ []string, name string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append([]string{"PATH=/usr/bin", "HOME=" + work, "TMPDIR=" + work, "LC_ALL=C"}, environ...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

func must(t *testing.T, dir string, environ []string, name string, args ...string) string {
	t.Helper()
	out, err := command(t, dir, environ, name, args...)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return out
}

// goEnv is the environment of the go command: this repository and Soong are found by GOPATH, because Soong's packages
// are no modules.
func goEnv(gopath string) []string {
	return []string{
		"CGO_ENABLED=0", "GO111MODULE=off", "GOCACHE=" + filepath.Join(work, "gocache"), "GOENV=off", "GOFLAGS=",
		"GOPATH=" + gopath + ":" + debian, "GOTOOLCHAIN=local",
	}
}

// tree is an Android tree as small as this needs.
type tree struct {
	top    string
	gopath string // in which the checkout is to be found by its import path
}

// checkout is where the repository is in the tree.
const checkout = "vendor/example/kheaders"

// newTree lays out the repository, its dependencies, and the example.
func newTree(t *testing.T) tree {
	t.Helper()
	tr := tree{top: filepath.Join(t.TempDir(), "top"), gopath: filepath.Join(t.TempDir(), "gopath")}
	sources := filepath.Join(os.Getenv("GOPATH_TREE"), "src")
	copyTree(t, filepath.Join(sources, module), tr.path(checkout))
	for _, name := range []string{"Android.bp", "soong/Android.bp", "soong/third_party/Android.bp", "soong/kheaders", "examples/soong"} {
		copyTree(t, name, tr.path(checkout, name))
	}
	copyTree(t, filepath.Join(sources, "github.com/ulikunitz/xz"), tr.path(checkout, "soong/third_party/xz"))
	copyTree(t, filepath.Join(sources, "github.com/klauspost/compress"), tr.path(checkout, "soong/third_party/compress"))
	copyTree(t, filepath.Join(sources, "github.com/pierrec/lz4/v4"), tr.path(checkout, "soong/third_party/lz4"))
	copyTree(t, "examples/soong/device", tr.path("device"))
	for name, target := range map[string]string{
		module:                          checkout,
		"github.com/ulikunitz/xz":       checkout + "/soong/third_party/xz",
		"github.com/klauspost/compress": checkout + "/soong/third_party/compress",
		"github.com/pierrec/lz4/v4":     checkout + "/soong/third_party/lz4",
	} {
		link := filepath.Join(tr.gopath, "src", name)
		if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(tr.path(target), link); err != nil {
			t.Fatal(err)
		}
	}
	return tr
}

func (tr tree) path(elements ...string) string {
	return filepath.Join(append([]string{tr.top}, elements...)...)
}

func (tr tree) write(t *testing.T, name, content string) {
	t.Helper()
	write(t, tr.path(name), content)
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	p, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(p)
}

// copyTree copies a file or a directory, links followed.
func copyTree(t *testing.T, from, to string) {
	t.Helper()
	info, err := os.Stat(from)
	if err != nil {
		t.Fatal(err)
	}
	if !info.IsDir() {
		write(t, to, read(t, from))
		return
	}
	entries, err := os.ReadDir(from)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		copyTree(t, filepath.Join(from, e.Name()), filepath.Join(to, e.Name()))
	}
}
