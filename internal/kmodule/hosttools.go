// SPDX-License-Identifier: Apache-2.0

package kmodule

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/rules-kheaders/rules_kheaders/internal/elfstrip"
	"github.com/rules-kheaders/rules_kheaders/internal/kmake"
)

// HostTools makes the programs of a kernel's tree that a module's build runs,
// for an archive that has none for this machine: from the sources that it holds,
// or from the kernel's.
type HostTools struct {
	kmake.Target
	Compiler string // see Module
	Tree     string // the archive, unpacked
	Source   Source // the kernel's; none for the archive's own sources
	Out      string // a directory for the programs, named as in a tree

	Scratch string // where to work, empty: Kbuild writes this path into host tools
	Log     io.Writer
}

// Build writes Out.
func (h HostTools) Build() error {
	m := Module{Target: h.Target, Compiler: h.Compiler, Tree: h.Tree, Scratch: h.Scratch, Log: h.Log, tree: h.Tree}
	if err := kmake.Absolute(&m.Tree, &m.Scratch, &h.Scratch); err != nil {
		return err
	}
	if h.Source.Tarball == "" {
		return h.compile()
	}
	options := filepath.Join(m.Tree, "include/config/auto.conf")
	config, err := kmake.ReadConfig(options)
	if err != nil {
		return fmt.Errorf("make host tools for %s: %w; the archive's profile must be \"module\"", h.Tree, err)
	}
	if err := m.findArch(config); err != nil {
		return err
	}
	if err := m.findCompiler(config); err != nil {
		return err
	}
	if err := m.checkCompiler(config); err != nil {
		return err
	}
	src, obj := filepath.Join(h.Scratch, "source"), filepath.Join(h.Scratch, "object")
	for _, dir := range []string{src, obj} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			return err
		}
	}
	if err := h.Source.Unpack(h.Log, src, h.Scratch); err != nil {
		return err
	}
	if err := h.checkVersion(m.Tree, src); err != nil {
		return err
	}
	make := func(words ...string) ([]byte, error) {
		return kmake.Run(h.Log, h.Scratch, h.Scratch, "make", append(append(m.Args(), "-s", "-C", src, "O="+obj), words...)...)
	}
	// What the archive's configuration sets is set, and nothing else.
	if _, err := make("KCONFIG_ALLCONFIG="+options, "allnoconfig"); err != nil {
		return err
	}
	if _, err := make("modules_prepare"); err != nil {
		return err
	}
	return h.bringOut(obj)
}

// checkVersion holds the source's version against the archive's, and src has the source.
func (h HostTools) checkVersion(tree, src string) error {
	want, err := version(tree)
	if err != nil {
		return err
	}
	have, err := version(src)
	if err != nil {
		return err
	}
	if have != want {
		return fmt.Errorf("make host tools for %s: the archive is of Linux %s, and the source of %s; give the kernel's own", h.Tree, want, have)
	}
	return nil
}

// bringOut copies the programs that there are, without their symbols: objtool
// has debug information, with paths of a toolchain that the build has.
func (h HostTools) bringOut(obj string) error {
	for _, tool := range kmake.HostTools {
		if !exists(obj, tool.Name) {
			if tool.Options == nil {
				return fmt.Errorf("make host tools: make modules_prepare made no %s", tool.Name)
			}
			continue
		}
		to := filepath.Join(h.Out, tool.Name)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		program, err := os.ReadFile(filepath.Join(obj, tool.Name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(to, elfstrip.Strip(program), 0o755); err != nil {
			return err
		}
	}
	return nil
}
