// SPDX-License-Identifier: Apache-2.0

// Package kmodule builds modules outside a kernel's tree, from an archive alone.
package kmodule

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/cli/atomicfile"
	"github.com/rules-kheaders/rules_kheaders/internal/cli/cleanup"
	"github.com/rules-kheaders/rules_kheaders/internal/cli/pair"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/kmake"
)

// A Module is one or several modules that are built outside a kernel's tree
// (Documentation/kbuild/modules.rst), from an archive's files alone.
type Module struct {
	kmake.Target
	// Compiler is the compiler that is to run, by its path or its name on the PATH,
	// whatever it is called. Without it, and without CrossCompile and LLVM, it is the
	// kernel's own where the machine has it, else the machine's.
	Compiler string
	Tree     string   // the archive, unpacked; it is only read
	Release  string   // the kernel release that the archive must be for, or ""
	Sources  []string // "NAME=FILE", NAME relative to the directory that holds all sources
	Dir      string   // M=, relative to that directory; "" for itself
	Flags    []string // for the C compiler, as in ccflags-y
	Includes []string // directories of the sources to look for headers in
	Config   []string // "CONFIG_NAME=VALUE": for the Kbuild file and for the sources
	Extra    []string // Module.symvers of other modules, for KBUILD_EXTRA_SYMBOLS
	Outs     []string // "NAME.ko=FILE", NAME relative to M=
	Symvers  string   // where the modules' own Module.symvers goes, or ""
	Order    string   // where modules.order goes, or ""
	Commands string   // where compile_commands.json goes, or ""
	// HostTools is a directory of programs that take the place of the archive's,
	// named as in a tree, or "".
	HostTools string
	// BaseBTF is the BTF of the kernel, raw or in its vmlinux, that the modules'
	// own is to be split from; "" makes modules without BTF.
	BaseBTF string
	// Warn turns modpost's errors about undefined symbols into warnings
	// (KBUILD_MODPOST_WARN=1): the module is built, and will not load.
	Warn bool
	// Variables are further "NAME=VALUE" for make: V=1 to see its commands, W=1 for
	// more of the compiler's warnings, or what the Kbuild file asks for.
	Variables []string

	Scratch string // a directory to work in, new or empty
	Keep    bool   // leave the modules' directory, as the build left it, in Scratch
	Log     io.Writer

	given map[string]string // Sources, by name
	root  string            // the directory that holds all sources
	dir   string            // M=
	tree  string            // Tree as it was given
	own   toolchain         // of Compiler or of the kernel; its cc is "" for the machine's default
}

// Build builds the modules.
func (m Module) Build() (err error) {
	m.tree = m.Tree
	if err := m.checkNames(); err != nil {
		return err
	}
	remove, err := m.makeScratch()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	if m.Tree, err = reachable(m.Tree, m.Scratch); err != nil {
		return err
	}
	if err := m.ownHostTools(); err != nil {
		return err
	}
	if err := m.addToTree(); err != nil {
		return err
	}
	config, err := m.check()
	if err != nil {
		return err
	}
	if err := m.findArch(config); err != nil {
		return err
	}
	if err := m.findCompiler(config); err != nil {
		return err
	}
	if err := m.place(); err != nil {
		return err
	}
	if err := m.checkToolchain(config); err != nil {
		return err
	}
	variables, err := m.variables(config)
	if err != nil {
		return err
	}
	if m.BaseBTF != "" {
		pahole, err := kmake.PaholeFlags(m.Log, m.Tree, m.Tree, m.Scratch)
		if err != nil {
			return err
		}
		variables = append(variables, pahole...)
	}
	// A driver's makefile asks for its directory by PWD, and some set that from the shell first: what is on the command line stays.
	args := append(m.Args(), "-C", m.Tree, "M="+m.dir, "PWD="+m.dir)
	if !m.verbose() {
		args = append(args, "-s")
	}
	var log bytes.Buffer
	// As a driver's developer does it: in the driver's directory.
	out, err := kmake.Run(&log, m.dir, m.Scratch, "make", append(append(args, variables...), "modules")...)
	if err := m.explain(out, err); err != nil {
		return err
	}
	return m.bringOut()
}

// checkToolchain finds what would stop the compiler half-way.
func (m *Module) checkToolchain(config map[string]string) error {
	kernels, err := m.checkCompiler(config)
	if err != nil {
		return err
	}
	if err := m.checkPlugins(config); err != nil {
		return err
	}
	if kernels {
		return nil
	}
	return m.checkFlags(config)
}

// makeScratch makes the directory to work in, and returns what is done with it at
// the end. Where make cannot work in a directory of that path, it is another one.
func (m *Module) makeScratch() (done func() error, err error) {
	keep := m.Scratch
	if m.Keep {
		// What is kept has nothing of this run's but the modules' directory.
		free, err := kmake.MakeScratch(keep)
		if err != nil {
			return nil, err
		}
		if err := free(); err != nil {
			return nil, err
		}
		m.Scratch += ".work"
	}
	remove, err := kmake.MakeScratch(m.Scratch)
	if err != nil {
		return nil, err
	}
	if m.Scratch, err = realPath(m.Scratch); err != nil {
		return nil, errors.Join(err, remove())
	}
	if !neutral(m.Scratch) {
		removeGiven := remove
		removeOther, err := m.neutralScratch()
		if err != nil {
			return nil, errors.Join(err, remove())
		}
		remove = func() error { return errors.Join(removeOther(), removeGiven()) }
	}
	if !m.Keep {
		return remove, nil
	}
	work := m.Scratch
	return func() error { return errors.Join(m.keep(work, keep), remove()) }, nil
}

// keep copies the modules' directory out of the one that is worked in.
func (m Module) keep(work, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if !exists(work, "module") {
		return nil // the build has not come so far
	}
	if err := os.CopyFS(filepath.Join(dir, "module"), os.DirFS(filepath.Join(work, "module"))); err != nil {
		return fmt.Errorf("keep the modules' directory: %w", err)
	}
	_, err := fmt.Fprintf(m.Log, "kmodule: kept %s\n", dir)
	return err
}

// neutralScratch sets Scratch to a new directory that make can work in.
func (m *Module) neutralScratch() (remove func() error, err error) {
	for _, parent := range []string{os.TempDir(), "/tmp"} {
		if parent, err = realPath(parent); err != nil || !neutral(parent) {
			continue
		}
		var dir string
		done, err := cleanup.Make(func() (undo func(), err error) {
			dir, err = os.MkdirTemp(parent, "kmodule-*")
			return func() { kmake.RemoveScratch(dir) }, err
		})
		if err != nil {
			return nil, err
		}
		m.Scratch = dir
		return func() error {
			defer done()
			return kmake.RemoveScratch(dir)
		}, nil
	}
	return nil, fmt.Errorf("work in %s: make cannot handle its path, and %s is no better; set TMPDIR to a directory whose path has none of %s",
		m.Scratch, os.TempDir(), spelled)
}

// place copies the sources to where make sees them.
func (m *Module) place() error {
	m.root = filepath.Join(m.Scratch, "module")
	m.given = map[string]string{}
	for _, s := range m.Sources {
		name, file, err := pair.Local(s)
		if err != nil {
			return fmt.Errorf("source %w", err)
		}
		if other, ok := m.given[name]; ok && other != file {
			return fmt.Errorf("source %s is both %s and %s; rename one, or give one of them by another package", name, other, file)
		}
		m.given[name] = file
		to := filepath.Join(m.root, name)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if err := kmake.CopyFile(file, to); err != nil {
			return err
		}
	}
	if m.Dir != "" && !filepath.IsLocal(m.Dir) {
		return fmt.Errorf("directory %q: expected one of the sources' own", m.Dir)
	}
	m.dir = filepath.Join(m.root, m.Dir)
	if !exists(m.dir, "Kbuild") && !exists(m.dir, "Makefile") {
		return fmt.Errorf("build in %s: no Kbuild and no Makefile among the sources there", filepath.Join("M=", m.Dir))
	}
	return nil
}

// variables are what make's command line says about the modules.
func (m Module) variables(kernel map[string]string) ([]string, error) {
	common, err := m.prefixMaps()
	if err != nil {
		return nil, err
	}
	for _, dir := range m.Includes {
		if dir != "." && !filepath.IsLocal(dir) {
			return nil, fmt.Errorf("include directory %q: expected one of the sources' own", dir)
		}
		common = append(common, "-I"+filepath.Join(m.root, dir))
	}
	var variables []string
	for _, option := range m.Config {
		name, value, ok := strings.Cut(option, "=")
		if !ok || !strings.HasPrefix(name, "CONFIG_") || strings.ContainsAny(name, " \t$'\"") {
			return nil, fmt.Errorf("option %q: expected CONFIG_NAME=VALUE", option)
		}
		if strings.Contains(value, "$") {
			return nil, fmt.Errorf("option %s: a $ in its value would be expanded by make; give it in a header", option)
		}
		own, set := kernel[name]
		if set && own != value {
			return nil, fmt.Errorf("option %s: the kernel has %s=%s; a module cannot change the kernel's configuration", option, name, own)
		}
		if set {
			continue
		}
		define := name + "=" + value
		switch value {
		case "n", "":
			variables = append(variables, name+"=")
			continue
		case "y":
			define = name + "=1"
		case "m":
			define = name + "_MODULE=1"
		}
		variables = append(variables, name+"="+value)
		// include/linux/kconfig.h tells y, m and n apart by these definitions.
		common = append(common, "-D'"+strings.ReplaceAll(define, "'", `'\''`)+"'")
	}
	if variables, err = m.further(variables); err != nil {
		return nil, err
	}
	for _, flag := range m.Flags {
		if strings.Contains(flag, "$") {
			return nil, fmt.Errorf("compiler flag %q: make's variables are not known here; use includes, or a Kbuild file with ccflags-y", flag)
		}
	}
	c := append(slices.Clone(common), m.Flags...)
	variables = append(variables, "KCFLAGS="+strings.Join(c, " "), "KAFLAGS="+strings.Join(common, " "))
	extra, err := m.extraSymbols()
	if err != nil {
		return nil, err
	}
	if len(extra) > 0 {
		variables = append(variables, "KBUILD_EXTRA_SYMBOLS="+strings.Join(extra, " "))
	}
	if m.Warn {
		variables = append(variables, "KBUILD_MODPOST_WARN=1")
	}
	return variables, nil
}

// extraSymbols are the paths of other modules' Module.symvers, as make can read them.
func (m Module) extraSymbols() ([]string, error) {
	var extra []string
	for i, file := range m.Extra {
		if err := kmake.Absolute(&file); err != nil {
			return nil, err
		}
		if !neutral(file) {
			other := filepath.Join(m.Scratch, fmt.Sprintf("symvers.%d", i))
			if err := kmake.CopyFile(file, other); err != nil {
				return nil, err
			}
			file = other
		}
		extra = append(extra, file)
	}
	return extra, nil
}

// bringOut copies what was made. All of it is looked for before the first copy.
func (m Module) bringOut() error {
	for _, o := range m.Outs {
		name, _, err := pair.Split(o)
		if err != nil {
			return fmt.Errorf("output %w", err)
		}
		if !exists(m.dir, name) {
			return fmt.Errorf("output %s: the build made %s; the Kbuild file must have 'obj-m += %s', or modules must name another",
				name, m.made(), strings.TrimSuffix(name, ".ko")+".o")
		}
	}
	type text struct {
		file    string
		content []byte
	}
	var texts []text
	for _, t := range []struct{ name, file string }{{"Module.symvers", m.Symvers}, {"modules.order", m.Order}} {
		if t.file == "" {
			continue
		}
		content, err := os.ReadFile(filepath.Join(m.dir, t.name))
		if err != nil {
			return fmt.Errorf("output %s: the build made none", t.name)
		}
		// Modules outside the tree are named by their absolute paths.
		texts = append(texts, text{t.file, bytes.ReplaceAll(content, []byte(m.dir+"/"), nil)})
	}
	var commands []Command
	if m.Commands != "" {
		var err error
		if commands, err = m.commands(); err != nil {
			return err
		}
	}
	for _, o := range m.Outs {
		name, file, _ := pair.Split(o)
		if err := kmake.CopyFile(filepath.Join(m.dir, name), file); err != nil {
			return err
		}
	}
	for _, t := range texts {
		if err := atomicfile.WriteBytes(t.file, 0o644, t.content); err != nil {
			return err
		}
	}
	if m.Commands == "" {
		return nil
	}
	return WriteCommands(m.Commands, commands)
}

// made lists the modules that there are, for an error.
func (m Module) made() string {
	var names []string
	filepath.WalkDir(m.dir, func(path string, _ os.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".ko") {
			names = append(names, strings.TrimPrefix(path, m.dir+"/"))
		}
		return nil
	})
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

func exists(dir, name string) bool {
	_, err := os.Stat(filepath.Join(dir, name))
	return err == nil
}
