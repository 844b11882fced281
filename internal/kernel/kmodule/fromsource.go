// SPDX-License-Identifier: Apache-2.0

package kmodule

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/rules-kheaders/rules_kheaders/internal/kernel/kmake"
)

// toolsMakefile compiles the host tools whose sources an archive holds
// (profile.HostToolsMakefile).
const toolsMakefile = "scripts/Makefile.hosttools"

// runsHere reports whether a tree has the two programs that every build runs,
// and this machine can run them.
func runsHere(tree string) bool {
	for _, tool := range kmake.HostTools {
		file := filepath.Join(tree, tool.Name)
		if tool.Options == nil && (!exists(tree, tool.Name) || cannotRun(file) != "") {
			return false
		}
	}
	return true
}

// compileHostTools compiles what an archive has the sources of, for this
// machine, into the directory out.
func compileHostTools(log io.Writer, t kmake.Target, compiler, tree, out, scratch string, variables []string) error {
	if err := kmake.Absolute(&tree, &out); err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	args := append(kmake.Target{Jobs: t.Jobs, Arch: t.Arch}.Args(), "-s", "-C", tree, "-f", toolsMakefile, "O="+out)
	switch {
	case compiler != "":
		own, err := askCompiler(compiler)
		if err != nil {
			return err
		}
		if own.native() {
			args = append(args, "HOSTCC="+own.cc)
		}
	case t.LLVM != "":
		args = append(args, "HOSTCC="+programOf(t, "gcc", "clang"))
	}
	if _, err := kmake.Run(log, scratch, scratch, "make", append(args, variables...)...); err != nil {
		return fmt.Errorf("compile the host tools of %s: %w", tree, err)
	}
	return nil
}

// ownHostTools compiles the archive's host tools in the scratch directory when
// it has their sources and no programs that run here.
func (m *Module) ownHostTools() error {
	if m.HostTools != "" || !exists(m.Tree, toolsMakefile) || runsHere(m.Tree) {
		return nil
	}
	m.HostTools = filepath.Join(m.Scratch, "host-tools")
	return compileHostTools(m.Log, m.Target, m.Compiler, m.Tree, m.HostTools, m.Scratch, nil)
}

// compile writes Out from the archive's own sources. An archive whose programs
// run here needs none.
func (h HostTools) compile() error {
	if exists(h.Tree, toolsMakefile) {
		tree, err := reachable(h.Tree, h.Scratch)
		if err != nil {
			return err
		}
		out := filepath.Join(h.Scratch, "host-tools")
		if err := compileHostTools(h.Log, h.Target, h.Compiler, tree, out, h.Scratch, h.Variables); err != nil {
			return err
		}
		return copyTools(out, h.Out)
	}
	if runsHere(h.Tree) {
		return os.MkdirAll(h.Out, 0o755)
	}
	return fmt.Errorf("make host tools for %s: it has neither programs for this machine nor %s; pack it with host_tools = \"source\", or give the kernel's source",
		h.Tree, toolsMakefile)
}

// copyTools copies what was made in the scratch directory, where make can work.
func copyTools(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(to, rel), 0o755)
		}
		return kmake.CopyFile(path, filepath.Join(to, rel))
	})
}
