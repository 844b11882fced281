// SPDX-License-Identifier: Apache-2.0

package kmodule

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/kmake"
)

// HostTools makes the programs of a kernel's tree that a module's build runs,
// for an archive that has none for this machine, from the kernel's source.
type HostTools struct {
	kmake.Target
	Compiler string   // see Module
	Tree     string   // the archive, unpacked
	Source   string   // the kernel's source, a tar with one top directory
	Patches  []string // for patch -p1
	Out      string   // a directory for the programs, named as in a tree

	Scratch string
	Log     io.Writer
}

// notNeeded is what of a source make modules_prepare does not read; Kconfig
// files and Makefiles are read everywhere.
var notNeeded = []string{"*/drivers/*.[ch]", "*/sound/*.[ch]", "*/fs/*.c", "*/net/*.c", "*/Documentation/*.rst", "*.dts", "*.dtsi"}

// Build writes Out.
func (h HostTools) Build() (err error) {
	m := Module{Target: h.Target, Compiler: h.Compiler, Tree: h.Tree, Scratch: h.Scratch, Log: h.Log, tree: h.Tree}
	if err := kmake.Absolute(&m.Tree, &m.Scratch, &h.Source, &h.Scratch); err != nil {
		return err
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
	if err := os.MkdirAll(h.Scratch, 0o755); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, kmake.RemoveScratch(h.Scratch)) }()
	if err := m.checkCompiler(config); err != nil {
		return err
	}
	src, obj := filepath.Join(h.Scratch, "source"), filepath.Join(h.Scratch, "object")
	if err := h.unpack(src, obj); err != nil {
		return err
	}
	make := func(words ...string) ([]byte, error) {
		return kmake.Run(h.Log, h.Scratch, h.Scratch, "make", append(append(m.Args(), "-s", "-C", src, "O="+obj), words...)...)
	}
	if err := h.checkVersion(m.Tree, make); err != nil {
		return err
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

func (h HostTools) unpack(src, obj string) error {
	for _, dir := range []string{src, obj} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			return err
		}
	}
	args := []string{"--extract", "--file=" + h.Source, "--strip-components=1", "--no-same-owner"}
	for _, pattern := range notNeeded {
		args = append(args, "--exclude="+pattern)
	}
	if _, err := kmake.Run(h.Log, src, h.Scratch, "tar", args...); err != nil {
		return fmt.Errorf("unpack %s: %w", h.Source, err)
	}
	if !exists(src, "Kbuild") {
		return fmt.Errorf("unpack %s: no Kbuild in its top directory, expected a kernel source", h.Source)
	}
	for _, p := range h.Patches {
		if err := kmake.Absolute(&p); err != nil {
			return err
		}
		if _, err := kmake.Run(h.Log, src, h.Scratch, "patch", "-p1", "--fuzz=0", "--forward", "--no-backup-if-mismatch", "--input="+p); err != nil {
			return fmt.Errorf("patch the source with %s: %w", p, err)
		}
	}
	return nil
}

// checkVersion holds the source's version against the archive's release.
func (h HostTools) checkVersion(tree string, make func(...string) ([]byte, error)) error {
	text, err := os.ReadFile(filepath.Join(tree, "include/config/kernel.release"))
	if err != nil {
		return err
	}
	out, err := make("kernelversion")
	if err != nil {
		return err
	}
	release, version := strings.TrimSpace(string(text)), strings.TrimSpace(string(out))
	if rest, ok := strings.CutPrefix(release, version); !ok || rest != "" && rest[0] >= '0' && rest[0] <= '9' {
		return fmt.Errorf("make host tools for %s: the archive is for kernel release %s, and the source is of Linux %s; give the kernel's own", h.Tree, release, version)
	}
	return nil
}

// bringOut copies the programs that there are.
func (h HostTools) bringOut(obj string) error {
	for _, tool := range hostTools {
		if !exists(obj, tool.name) {
			if tool.option == "" {
				return fmt.Errorf("make host tools: make modules_prepare made no %s", tool.name)
			}
			continue
		}
		to := filepath.Join(h.Out, tool.name)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if err := kmake.CopyFile(filepath.Join(obj, tool.name), to); err != nil {
			return err
		}
	}
	return nil
}
