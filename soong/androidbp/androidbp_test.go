// SPDX-License-Identifier: Apache-2.0

package main

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// checkout is where the files are, and what go list needs to find the packages:
// nothing outside Bazel, where it is the module two directories up.
func checkout(t *testing.T) (root, listDir string, environ []string) {
	tree := os.Getenv("GOPATH_TREE")
	if tree == "" {
		return "../..", "../..", nil
	}
	tree, err := filepath.Abs(tree)
	if err != nil {
		t.Fatal(err)
	}
	return ".", tree, []string{"GO111MODULE=off", "GOPATH=" + tree, "GOFLAGS=", "GOCACHE=" + t.TempDir()}
}

func TestUpToDate(t *testing.T) {
	root, dir, environ := checkout(t)
	files, err := generate(dir, environ)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Error(err)
			continue
		}
		if string(got) == want {
			continue
		}
		g, w := strings.Split(string(got), "\n"), strings.Split(want, "\n")
		i := 0
		for i < min(len(g), len(w)) && g[i] == w[i] {
			i++
		}
		t.Errorf("%s is out of date from line %d on: got %q, want %q; run `go run ./androidbp` in the directory soong",
			name, i+1, strings.Join(g[i:min(i+1, len(g))], ""), strings.Join(w[i:min(i+1, len(w))], ""))
	}
}

// soongPackages are Soong's names of what the plugin and its tests import.
var soongPackages = map[string]string{
	"android/soong/android":                 "soong-android",
	"android/soong/cc":                      "soong-cc",
	"android/soong/etc":                     "soong-etc",
	"android/soong/genrule":                 "soong-genrule",
	"github.com/google/blueprint":           "blueprint",
	"github.com/google/blueprint/proptools": "blueprint-proptools",
}

// The plugin's own Android.bp is written by hand.
func TestPlugin(t *testing.T) {
	root, _, _ := checkout(t)
	p, err := os.ReadFile(filepath.Join(root, "soong/Android.bp"))
	if err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join(root, "soong/kheaders/*.go"))
	if err != nil || len(names) == 0 {
		t.Fatalf("find the plugin's sources: got %d, error %v", len(names), err)
	}
	deps := []string{"soong"}
	var srcs, testSrcs []string
	for _, name := range names {
		short := "kheaders/" + filepath.Base(name)
		switch {
		case strings.HasSuffix(name, "debian_test.go"):
			continue // Soong of 2020 alone
		case strings.HasSuffix(name, "_test.go"):
			testSrcs = append(testSrcs, short) // with the same deps
		default:
			srcs = append(srcs, short)
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range f.Imports {
			path := strings.Trim(i.Path.Value, `"`)
			if !strings.Contains(path, ".") && !strings.HasPrefix(path, "android/") {
				continue
			}
			dep, ok := soongPackages[path]
			if !ok {
				t.Errorf("%s imports %s, which has no name in soongPackages", short, path)
			}
			deps = append(deps, dep)
		}
	}
	slices.Sort(deps)
	for _, want := range []struct {
		property string
		values   []string
	}{{"deps", slices.Compact(deps)}, {"srcs", srcs}, {"testSrcs", testSrcs}, {"pluginFor", []string{"soong_build"}}} {
		if got := values(string(p), want.property); !slices.Equal(got, want.values) {
			t.Errorf("soong/Android.bp: %s is %q, want %q", want.property, got, want.values)
		}
	}
	if got, want := regexp.MustCompile(`pkgPath: "(.*)"`).FindStringSubmatch(string(p)), module+"/soong/kheaders"; len(got) != 2 || got[1] != want {
		t.Errorf("soong/Android.bp: pkgPath is %q, want %q", got, want)
	}
}

// values returns the strings of a list property of a file with one module.
func values(bp, property string) []string {
	m := regexp.MustCompile(`(?s)\n    ` + property + `: \[(.*?)\]`).FindStringSubmatch(bp)
	if m == nil {
		return nil
	}
	var v []string
	for _, s := range regexp.MustCompile(`"(.*?)"`).FindAllStringSubmatch(m[1], -1) {
		v = append(v, s[1])
	}
	return v
}
