// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// goPackage is what `go list` says of a package.
type goPackage struct {
	ImportPath string
	Name       string
	Standard   bool
	GoFiles    []string
	CgoFiles   []string
	SFiles     []string
	EmbedFiles []string
	Imports    []string
}

// files are the sources of a package that Soong is told of. Soong reads neither
// build constraints nor file names, so what differs by system is listed apart.
type files struct{ all, linux, darwin []string }

// packages are the tools and all that they import, the standard library left
// out: their sources for each system.
type packages struct {
	order   []string // import paths, sorted
	name    map[string]string
	imports map[string][]string
	files   map[string]files
}

// tools are the programs that Soong builds, by their directory below tools/.
var tools = []string{"packer", "patcher"}

// load asks go list, run in dir, for the systems and machines that Soong runs
// on. environ is added to the environment.
func load(dir string, environ []string) (*packages, error) {
	p := &packages{name: make(map[string]string), imports: make(map[string][]string), files: make(map[string]files)}
	byOS := make(map[string]map[string][]string)
	for _, goos := range []string{"linux", "darwin"} {
		for _, goarch := range []string{"amd64", "arm64"} {
			listed, err := list(dir, append(slices.Clone(environ), "GOOS="+goos, "GOARCH="+goarch, "CGO_ENABLED=0"))
			if err != nil {
				return nil, err
			}
			sources := make(map[string][]string)
			for _, l := range listed {
				if err := l.check(); err != nil {
					return nil, fmt.Errorf("package %s for %s/%s: %w", l.ImportPath, goos, goarch, err)
				}
				sources[l.ImportPath] = l.GoFiles
				if goos == "linux" && goarch == "amd64" {
					p.order = append(p.order, l.ImportPath)
				}
				p.name[l.ImportPath] = l.Name
				p.imports[l.ImportPath] = union(p.imports[l.ImportPath], l.Imports)
			}
			if before, ok := byOS[goos]; ok {
				for path, s := range sources {
					if !slices.Equal(s, before[path]) {
						return nil, fmt.Errorf("package %s has sources %v on %s/%s and %v on another machine: Soong cannot tell machines apart", path, s, goos, goarch, before[path])
					}
				}
			}
			byOS[goos] = sources
		}
	}
	slices.Sort(p.order)
	for path := range byOS["darwin"] {
		if _, ok := byOS["linux"][path]; !ok {
			return nil, fmt.Errorf("package %s is imported on darwin only: Soong cannot tell systems apart in deps", path)
		}
	}
	for path, linux := range byOS["linux"] {
		darwin := byOS["darwin"][path]
		var f files
		for _, name := range linux {
			if slices.Contains(darwin, name) {
				f.all = append(f.all, name)
			} else {
				f.linux = append(f.linux, name)
			}
		}
		for _, name := range darwin {
			if !slices.Contains(linux, name) {
				f.darwin = append(f.darwin, name)
			}
		}
		p.files[path] = f
	}
	return p, nil
}

// check fails for what a bootstrap_go_package cannot be made of.
func (g goPackage) check() error {
	switch {
	case len(g.CgoFiles) > 0:
		return fmt.Errorf("%v are cgo, which Soong's Go rules have not", g.CgoFiles)
	case len(g.SFiles) > 0:
		return fmt.Errorf("%v are assembly, which Soong's Go rules have not", g.SFiles)
	case len(g.EmbedFiles) > 0:
		return fmt.Errorf("it embeds %v, which Soong's Go rules of 2020 have not; make it a string", g.EmbedFiles)
	}
	return nil
}

func list(dir string, environ []string) ([]goPackage, error) {
	// noasm takes the pure Go sources of klauspost/compress and pierrec/lz4.
	args := []string{"list", "-deps", "-json=ImportPath,Name,Standard,GoFiles,CgoFiles,SFiles,EmbedFiles,Imports", "-tags", "noasm"}
	for _, tool := range tools {
		args = append(args, module+"/tools/"+tool)
	}
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), environ...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	var listed []goPackage
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var g goPackage
		err := d.Decode(&g)
		if errors.Is(err, io.EOF) {
			return listed, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read go list: %w", err)
		}
		if !g.Standard {
			listed = append(listed, g)
		}
	}
}

func union(a, b []string) []string {
	u := append(slices.Clone(a), b...)
	slices.Sort(u)
	return slices.Compact(u)
}
