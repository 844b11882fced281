// SPDX-License-Identifier: Apache-2.0

package kmodule

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/headers/elfstrip"
	"github.com/rules-kheaders/rules_kheaders/internal/headers/secret"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/kconfig"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/kmake"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/source"
)

// HostTools makes the programs of a kernel's tree that a module's build runs,
// for an archive that has none for this machine: from the sources that it holds,
// or from the kernel's.
type HostTools struct {
	kmake.Target
	Compiler string        // see Module
	Tree     string        // the archive, unpacked
	Source   source.Source // the kernel's; none for the archive's own sources
	Out      string        // a directory for the programs, named as in a tree
	// Variables are further "NAME=VALUE" for make, as HOSTCFLAGS of a compiler that
	// is newer than the kernel.
	Variables []string

	Scratch string // where to work, empty: Kbuild writes this path into host tools
	Log     io.Writer
}

// Build writes Out.
func (h HostTools) Build() error {
	m := Module{Target: h.Target, Compiler: h.Compiler, Tree: h.Tree, Scratch: h.Scratch, Log: h.Log, tree: h.Tree}
	if err := kmake.Absolute(&m.Scratch, &h.Scratch); err != nil {
		return err
	}
	if err := CheckVariables(h.Variables); err != nil {
		return err
	}
	if h.Source.Tarball == "" {
		return h.compile()
	}
	var err error
	if m.Tree, err = reachable(h.Tree, m.Scratch); err != nil {
		return err
	}
	options := filepath.Join(m.Tree, "include/config/auto.conf")
	config, err := kconfig.ReadFile(options)
	if err != nil {
		return fmt.Errorf("make host tools for %s: %w; the archive's profile must be \"module\"", h.Tree, err)
	}
	if err := m.findArch(config); err != nil {
		return err
	}
	if err := m.findCompiler(config); err != nil {
		return err
	}
	if _, err := m.checkCompiler(config); err != nil {
		return err
	}
	src, obj := filepath.Join(h.Scratch, "source"), filepath.Join(h.Scratch, "object")
	for _, dir := range []string{src, obj} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			return err
		}
	}
	if err := h.Source.UnpackForModules(h.Log, src, h.Scratch); err != nil {
		return err
	}
	if err := h.checkVersion(m.Tree, src); err != nil {
		return err
	}
	if err := h.placeSeed(config, m.Tree, obj); err != nil {
		return err
	}
	make := func(words ...string) ([]byte, error) {
		args := append(append(m.Args(), "-s", "-C", src, "O="+obj), h.Variables...)
		return kmake.Run(h.Log, h.Scratch, h.Scratch, "make", append(args, words...)...)
	}
	// What the archive's configuration sets is set, and nothing else.
	if _, err := make("KCONFIG_ALLCONFIG="+options, "allnoconfig"); err != nil {
		return err
	}
	if _, err := make("modules_prepare"); err != nil {
		return err
	}
	if err := h.bringOut(obj); err != nil {
		return err
	}
	return h.bringOutPlugins(config, obj, m.own)
}

// placeSeed gives the plugin of RANDSTRUCT the kernel's own seed: with another one
// modules would have other layouts than the kernel.
func (h HostTools) placeSeed(config map[string]string, tree, obj string) error {
	if config["CONFIG_GCC_PLUGIN_RANDSTRUCT"] != "y" {
		return nil
	}
	for _, name := range secret.SeedFiles {
		if !strings.HasPrefix(name, "scripts/") || !exists(tree, name) {
			continue
		}
		to := filepath.Join(obj, name)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		return kmake.CopyFile(filepath.Join(tree, name), to)
	}
	return fmt.Errorf("make host tools for %s: the kernel has RANDSTRUCT, and the archive does not have its seed, without which no module fits it; "+
		"build the kernel without RANDSTRUCT, or pack the archive with the seed (allow_randstruct_seed)", h.Tree)
}

// checkVersion holds the source's version against the archive's, and src has the source.
func (h HostTools) checkVersion(tree, src string) error {
	want, err := source.Version(tree)
	if err != nil {
		return err
	}
	have, err := source.Version(src)
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
		if err := h.copyStripped(obj, tool.Name); err != nil {
			return err
		}
	}
	return nil
}

// bringOutPlugins copies the plugins that the archive's kernel is compiled with.
// Kconfig turns them off where gcc has no headers for plugins.
func (h HostTools) bringOutPlugins(config map[string]string, obj string, compiler toolchain) error {
	for _, plugin := range kmake.Plugins {
		if config[plugin.Options[0]] != "y" {
			continue
		}
		if !exists(obj, plugin.Name) {
			return fmt.Errorf("make host tools for %s: make modules_prepare made no %s (%s=y), for %s has no headers for plugins; install them (apt-get install -y gcc-%s-plugin-dev)",
				h.Tree, plugin.Name, plugin.Options[0], compiler.cc, major(compiler.version))
		}
		if err := h.copyStripped(obj, plugin.Name); err != nil {
			return err
		}
	}
	return nil
}

func (h HostTools) copyStripped(obj, name string) error {
	to := filepath.Join(h.Out, name)
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	program, err := os.ReadFile(filepath.Join(obj, name))
	if err != nil {
		return err
	}
	return os.WriteFile(to, elfstrip.Strip(program), 0o755)
}
