// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"path"
	"strings"
)

// place returns the module that Soong knows a package by, and the package's
// directory below that of its Android.bp.
func place(importPath string) (name, dir string, err error) {
	if rest, ok := strings.CutPrefix(importPath, module+"/"); ok {
		if tool, ok := strings.CutPrefix(rest, "tools/"); ok {
			return "kheaders_" + tool, rest, nil
		}
		return "kheaders-" + strings.ReplaceAll(strings.TrimPrefix(rest, "internal/"), "/", "-"), rest, nil
	}
	for prefix, at := range thirdParty {
		if rest, ok := strings.CutPrefix(importPath+"/", prefix+"/"); ok {
			return "kheaders-" + strings.ReplaceAll(strings.TrimPrefix(importPath, "github.com/"), "/", "-"), path.Join(at, rest), nil
		}
	}
	return "", "", fmt.Errorf("package %s is of a module that is not known here: add it to thirdParty, and say in docs/soong.md where to check it out", importPath)
}

// write writes the module of one package, as bpfmt does.
func (p *packages) write(w *strings.Builder, importPath string) error {
	name, dir, err := place(importPath)
	if err != nil {
		return err
	}
	kind := "bootstrap_go_package"
	if p.name[importPath] == "main" {
		kind = "blueprint_go_binary"
	}
	fmt.Fprintf(w, "\n%s {\n    name: %q,\n", kind, name)
	if kind == "bootstrap_go_package" {
		fmt.Fprintf(w, "    pkgPath: %q,\n", importPath)
	}
	var deps []string
	for _, imported := range p.imports[importPath] {
		if _, ok := p.name[imported]; !ok {
			continue // of the standard library
		}
		dep, _, err := place(imported)
		if err != nil {
			return err
		}
		deps = append(deps, dep)
	}
	f := p.files[importPath]
	property(w, "    ", "deps", deps)
	property(w, "    ", "srcs", below(dir, f.all))
	for _, system := range []struct {
		name string
		srcs []string
	}{{"darwin", f.darwin}, {"linux", f.linux}} {
		if len(system.srcs) > 0 {
			fmt.Fprintf(w, "    %s: {\n", system.name)
			property(w, "        ", "srcs", below(dir, system.srcs))
			w.WriteString("    },\n")
		}
	}
	w.WriteString("}\n")
	return nil
}

func below(dir string, names []string) []string {
	var paths []string
	for _, n := range names {
		paths = append(paths, path.Join(dir, n))
	}
	return paths
}

func property(w *strings.Builder, indent, name string, values []string) {
	switch len(values) {
	case 0:
	case 1:
		fmt.Fprintf(w, "%s%s: [%q],\n", indent, name, values[0])
	default:
		fmt.Fprintf(w, "%s%s: [\n", indent, name)
		for _, v := range values {
			fmt.Fprintf(w, "%s    %q,\n", indent, v)
		}
		fmt.Fprintf(w, "%s],\n", indent)
	}
}
