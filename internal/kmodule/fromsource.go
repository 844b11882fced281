// SPDX-License-Identifier: Apache-2.0

package kmodule

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/rules-kheaders/rules_kheaders/internal/kmake"
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
func compileHostTools(log io.Writer, t kmake.Target, tree, out, scratch string) error {
	if err := kmake.Absolute(&tree, &out); err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	args := append(kmake.Target{Jobs: t.Jobs, Arch: t.Arch}.Args(), "-s", "-C", tree, "-f", toolsMakefile, "O="+out)
	if t.LLVM != "" {
		args = append(args, "HOSTCC="+program(t, "gcc", "clang"))
	}
	if _, err := kmake.Run(log, scratch, scratch, "make", args...); err != nil {
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
	return compileHostTools(m.Log, m.Target, m.Tree, m.HostTools, m.Scratch)
}

// compile writes Out from the archive's own sources. An archive whose programs
// run here needs none.
func (h HostTools) compile() error {
	if exists(h.Tree, toolsMakefile) {
		return compileHostTools(h.Log, h.Target, h.Tree, h.Out, h.Scratch)
	}
	if runsHere(h.Tree) {
		return os.MkdirAll(h.Out, 0o755)
	}
	return fmt.Errorf("make host tools for %s: it has neither programs for this machine nor %s; pack it with host_tools = \"source\", or give the kernel's source",
		h.Tree, toolsMakefile)
}
