// SPDX-License-Identifier: Apache-2.0

package driver

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/bazelbuild/buildtools/build"

	"github.com/rules-kheaders/rules_kheaders/internal/cli/atomicfile"
)

// definitions is the file that has the rule.
const definitions = "@rules_kheaders//rules:defs.bzl"

// Write puts targets into a directory's BUILD.bazel, or BUILD, in the place of ones with
// their names. What else is in the file stays. archive is the label of the
// kernel's archive.
func Write(dir, archive string, targets []Target) error {
	name := filepath.Join(dir, "BUILD.bazel")
	// Bazel reads the other one only where this one is not.
	if old, err := os.Stat(filepath.Join(dir, "BUILD")); err == nil && old.Mode().IsRegular() {
		if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
			name = filepath.Join(dir, "BUILD")
		}
	}
	text, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	file, err := build.ParseBuild(name, text)
	if err != nil {
		return fmt.Errorf("import into %s: %w", name, err)
	}
	load(file, "kernel_module")
	for i, t := range targets {
		file.DelRules("kernel_module", t.Name)
		var deps []string
		for _, before := range targets[:i] {
			deps = append(deps, ":"+before.Name)
		}
		file.Stmt = append(file.Stmt, t.rule(archive, deps))
	}
	return atomicfile.WriteBytes(name, 0o644, build.Format(file))
}

// load adds a symbol of the rules, unless the file loads it.
func load(file *build.File, symbol string) {
	for _, stmt := range file.Stmt {
		l, ok := stmt.(*build.LoadStmt)
		if !ok || l.Module.Value != definitions {
			continue
		}
		if !slices.ContainsFunc(l.To, func(i *build.Ident) bool { return i.Name == symbol }) {
			l.From, l.To = append(l.From, &build.Ident{Name: symbol}), append(l.To, &build.Ident{Name: symbol})
		}
		return
	}
	l := &build.LoadStmt{
		Module:       &build.StringExpr{Value: definitions},
		From:         []*build.Ident{{Name: symbol}},
		To:           []*build.Ident{{Name: symbol}},
		ForceCompact: true,
	}
	file.Stmt = append([]build.Expr{l}, file.Stmt...)
}

// rule is the call of kernel_module. Its sources are all files of the driver:
// makefiles include what has any name.
func (t Target) rule(archive string, deps []string) *build.CallExpr {
	exclude := append([]string{"BUILD", "BUILD.bazel", "debian/**", "dkms.conf"}, t.Exclude...)
	slices.Sort(exclude)
	call := &build.CallExpr{X: &build.Ident{Name: "kernel_module"}, ForceMultiLine: true}
	set := func(name string, value build.Expr) {
		call.List = append(call.List, &build.AssignExpr{LHS: &build.Ident{Name: name}, Op: "=", RHS: value})
	}
	set("name", text(t.Name))
	set("srcs", &build.CallExpr{X: &build.Ident{Name: "glob"}, List: []build.Expr{
		list([]string{"**"}),
		&build.AssignExpr{LHS: &build.Ident{Name: "exclude"}, Op: "=", RHS: list(exclude)},
	}})
	set("archive", text(archive))
	if len(t.Config) > 0 {
		set("config", dict(t.Config))
	}
	if len(t.Variables) > 0 {
		set("make_variables", dict(t.Variables))
	}
	if len(t.Modules) != 1 || t.Modules[0] != t.Name+".ko" {
		set("modules", list(t.Modules))
	}
	if len(deps) > 0 {
		set("deps", list(deps))
	}
	return call
}

func text(s string) build.Expr { return &build.StringExpr{Value: s} }

func list(words []string) build.Expr {
	l := &build.ListExpr{}
	for _, w := range words {
		l.List = append(l.List, text(w))
	}
	return l
}

func dict(values map[string]string) build.Expr {
	d := &build.DictExpr{}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		d.List = append(d.List, &build.KeyValueExpr{Key: text(key), Value: text(values[key])})
	}
	return d
}
