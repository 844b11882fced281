// SPDX-License-Identifier: Apache-2.0

//go:build bazel

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A source is one of Soong's own projects.
type source struct{ path, dir, name string } // of the import; in a tree; what its modules' names begin with

var sources = []source{
	{"android/soong", "build/soong", "soong"},
	{"github.com/google/blueprint", "build/blueprint", "blueprint"},
	{"github.com/golang/protobuf", "external/golang-protobuf-v1", "golang-protobuf-v1"},
	{"google.golang.org/protobuf", "external/golang-protobuf", "golang-protobuf"},
}

// project returns the project that a package is of.
func project(path string) (source, bool) {
	for _, s := range sources {
		if path == s.path || strings.HasPrefix(path, s.path+"/") {
			return s, true
		}
	}
	return source{}, false
}

// moduleName is what AOSP's Android.bp files call a package of Soong's.
func moduleName(path string) string {
	s, _ := project(path)
	return s.name + strings.ReplaceAll(strings.TrimPrefix(path, s.path), "/", "-")
}

// soongSources lays out Soong's projects, with Android.bp files like AOSP's, which Debian leaves out, and returns these.
func (tr tree) soongSources(t *testing.T) []string {
	t.Helper()
	const primary, loader = "android/soong/cmd/soong_build", "github.com/google/blueprint/loadplugins"
	const doc = "android/soong"             // no code, and a name that plugins depend on
	const genrule = "android/soong/genrule" // of the plugin's tests
	plugins := []string{"android/soong/cc", "android/soong/etc"}
	listed := must(t, tr.top, goEnv(tr.gopath), "go", append([]string{"list", "-deps", "-json=ImportPath,Name,Standard,Dir,GoFiles,Imports",
		primary, loader, doc, genrule}, plugins...)...)
	modules := make(map[string][]string) // by Android.bp
	for d := json.NewDecoder(strings.NewReader(listed)); d.More(); {
		var p struct {
			ImportPath, Name, Dir string
			Standard              bool
			GoFiles, Imports      []string
		}
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		if p.Standard {
			continue
		}
		s, ok := project(p.ImportPath)
		if !ok {
			t.Fatalf("Soong imports %s, whose project is not known here", p.ImportPath)
		}
		below := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, s.path), "/")
		var srcs, deps []string
		for _, f := range p.GoFiles {
			tr.write(t, filepath.Join(s.dir, below, f), embedded(t, p.Dir, read(t, filepath.Join(p.Dir, f))))
			srcs = append(srcs, filepath.Join(below, f))
		}
		for _, i := range p.Imports {
			if _, ok := project(i); ok {
				deps = append(deps, moduleName(i))
			}
		}
		kind, more := "bootstrap_go_package", fmt.Sprintf("pkgPath: %q,", p.ImportPath)
		name := moduleName(p.ImportPath)
		switch {
		case slices.Contains(plugins, p.ImportPath):
			more += ` pluginFor: ["soong_build"],`
		case p.Name == "main":
			kind, name = "bootstrap_go_binary", filepath.Base(p.ImportPath)
			more = fmt.Sprintf("primaryBuilder: %v,", p.ImportPath == primary)
		}
		bp := filepath.Join(s.dir, "Android.bp")
		modules[bp] = append(modules[bp], fmt.Sprintf("%s {\n    name: %q,\n    %s\n    deps: [%s],\n    srcs: [%s],\n}\n", kind, name, more, quoted(deps), quoted(srcs)))
	}
	var bps []string
	for bp, text := range modules {
		tr.write(t, bp, strings.Join(text, "\n"))
		bps = append(bps, bp)
	}
	slices.Sort(bps)
	return bps
}

var embed = regexp.MustCompile(`(?m)^//go:embed (\S+)\nvar (\w+) \[\]byte$`)

// embedded puts files into the source that embeds them: Debian's protobuf is newer than this Soong, which cannot embed.
func embedded(t *testing.T, dir, text string) string {
	t.Helper()
	return embed.ReplaceAllStringFunc(text, func(lines string) string {
		m := embed.FindStringSubmatch(lines)
		return fmt.Sprintf("var %s = []byte(%q)", m[2], read(t, filepath.Join(dir, m[1])))
	})
}

func quoted(words []string) string {
	var b strings.Builder
	for _, w := range words {
		fmt.Fprintf(&b, "%q, ", w)
	}
	return b.String()
}

// goRoot makes a Go tree with the standard library as archives, which Soong compiles against and Go stopped shipping
// in 1.20.
func goRoot(t *testing.T, tr tree) string {
	t.Helper()
	root := filepath.Join(t.TempDir(), "go")
	of := func(name string) string {
		return strings.TrimSpace(must(t, tr.top, goEnv(tr.gopath), "go", "env", name))
	}
	for link, target := range map[string]string{
		"bin":                  of("GOROOT") + "/bin",
		"src":                  of("GOROOT") + "/src",
		"pkg/include":          of("GOROOT") + "/pkg/include",
		"pkg/tool/linux_amd64": of("GOTOOLDIR"),
	} {
		path := filepath.Join(root, link)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, path); err != nil {
			t.Fatal(err)
		}
	}
	must(t, tr.top, append(goEnv(tr.gopath), "GOROOT="+root, "GODEBUG=installgoroot=all"), "go", "install", "std")
	return root
}

// The way of an Android build: minibp reads the Android.bp files and has soong_build compiled with the plugins that ask
// for it, soong_build reads them again, and ninja compiles the tools and runs them. Everything that is compiled is what
// an Android.bp names.
func TestBootstrap(t *testing.T) {
	tr := newTree(t)
	var bps []string
	for _, dir := range []string{"", "soong", "soong/third_party"} {
		bps = append(bps, filepath.Join(checkout, dir, "Android.bp"))
	}
	tr.bootstrap(t, bps)
}

// The same with a release where the sources are checked out: Soong compiles the plugin, and the tools are binaries.
func TestBootstrapOfRelease(t *testing.T) {
	tr := tree{top: filepath.Join(t.TempDir(), "top"), gopath: t.TempDir()}
	copyTree(t, "tools/release/android.bp.txt", tr.path(checkout, "Android.bp"))
	for _, name := range strings.Fields(os.Getenv("PLUGIN")) {
		copyTree(t, name, tr.path(checkout, name))
	}
	for _, name := range []string{"PACKER", "PATCHER"} {
		file := os.Getenv(name)
		to := tr.path(checkout, "prebuilt/linux_amd64", filepath.Base(file))
		copyTree(t, file, to)
		if err := os.Chmod(to, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	copyTree(t, "examples/soong/device", tr.path("device"))
	tr.bootstrap(t, []string{checkout + "/Android.bp"})
}

// bootstrap builds the example with what some Android.bp files name besides Soong's, and compares what comes of it.
func (tr tree) bootstrap(t *testing.T, bps []string) {
	t.Helper()
	tr.dist(t)
	bps = append(append(bps, tr.soongSources(t)...), "Android.bp", kernelDir+"/Android.bp")
	tr.write(t, "Android.bp", "")
	tr.write(t, "bplist", strings.Join(bps, "\n")+"\n")
	for _, name := range []string{"minibp", "bpglob"} {
		copyTree(t, "/usr/bin/"+name, tr.path("out/soong/.minibootstrap", name))
		if err := os.Chmod(tr.path("out/soong/.minibootstrap", name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	tr.write(t, "out/soong/.bootstrap/build-globs.ninja", "")
	environ := []string{"GOROOT=" + goRoot(t, tr), "TOP=" + tr.top}

	const first, second = "out/soong/.bootstrap/build.ninja", "out/soong/build.ninja"
	must(t, tr.top, environ, "out/soong/.minibootstrap/minibp", "-l", "bplist", "-b", "out/soong", "-n", "out/soong",
		"-d", first+".d", "-globFile", "out/soong/.minibootstrap/build-globs.ninja", "-o", first, "Android.bp")
	must(t, tr.top, environ, "ninja", "-v", "-f", first)
	must(t, tr.top, environ, "ninja", append([]string{"-v", "-f", second}, labTargets...)...)
	tr.outputs(t)
}
