// SPDX-License-Identifier: Apache-2.0

// Package headertree makes the tree that an archive is packed from out of a
// kernel's source and configuration, where the build of the kernel keeps
// neither generated headers nor scripts.
package headertree

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/cli/atomicfile"
	"github.com/rules-kheaders/rules_kheaders/internal/cli/infile"
	"github.com/rules-kheaders/rules_kheaders/internal/headers/pack"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/kmake"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/kmodule"
)

// Prepare makes the tree. The kernel is not built: make modules_prepare makes
// what its source lacks.
type Prepare struct {
	kmake.Target
	Source  kmodule.Source // the kernel's
	Config  string         // the kernel's complete .config
	Release string         // a file with what the kernel calls itself: one line
	Out     string         // the tree, a tar

	Scratch string // where to work: Kbuild writes this path into host tools
	Log     io.Writer
}

// Run writes Out.
func (p Prepare) Run() error {
	if err := kmake.Absolute(&p.Config); err != nil {
		return err
	}
	text, err := infile.ReadFile(p.Release)
	if err != nil {
		return err
	}
	release := strings.TrimSpace(string(text))
	src, obj := filepath.Join(p.Scratch, "source"), filepath.Join(p.Scratch, "object")
	if err := p.unpack(src, obj); err != nil {
		return err
	}
	version, err := p.make(src, obj, "kernelversion")
	if err != nil {
		return err
	}
	if err := checkVersion(release, string(version)); err != nil {
		return fmt.Errorf("prepare the tree of %s: %w", p.Source.Tarball, err)
	}
	if err := p.configure(src, obj); err != nil {
		return err
	}
	// The release may hold what only its own build knew: LOCALVERSION, the state of a repository.
	if _, err := p.make(src, obj, "KERNELRELEASE="+release, "modules_prepare"); err != nil {
		return err
	}
	tree, err := pack.Gather{Arch: p.Arch, Trees: []string{obj, src}, Release: p.Release}.Run()
	if err != nil {
		return err
	}
	content, err := tree.AppendTar(nil)
	if err != nil {
		return err
	}
	return atomicfile.Write(p.Out, 0o644, func(f *os.File) error {
		_, err := f.Write(content)
		return err
	})
}

func (p Prepare) unpack(src, obj string) error {
	for _, dir := range []string{src, obj} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	return p.Source.Unpack(p.Log, src, p.Scratch)
}

// checkVersion holds the version of a source, as make kernelversion says it,
// against the release of a kernel.
func checkVersion(release, version string) error {
	release, version = strings.TrimSpace(release), strings.TrimSpace(version)
	if rest, ok := strings.CutPrefix(release, version); !ok || rest != "" && rest[0] >= '0' && rest[0] <= '9' {
		return fmt.Errorf("the kernel is of release %s, and the source of Linux %s; give the kernel's own", release, version)
	}
	return nil
}

// make runs make on the source with O=obj.
func (p Prepare) make(src, obj string, words ...string) ([]byte, error) {
	args := append(p.Args(), "-s", "-C", src, "O="+obj)
	return kmake.Run(p.Log, p.Scratch, p.Scratch, "make", append(args, words...)...)
}

// configure makes obj/.config, which must be the kernel's own.
func (p Prepare) configure(src, obj string) error {
	config := filepath.Join(obj, ".config")
	if err := kmake.CopyFile(p.Config, config); err != nil {
		return err
	}
	if _, err := p.make(src, obj, "olddefconfig"); err != nil {
		return err
	}
	given, err := kmake.ReadConfig(p.Config)
	if err != nil {
		return err
	}
	made, err := kmake.ReadConfig(config)
	if err != nil {
		return err
	}
	if d := differences(given, made); len(d) > 0 {
		return fmt.Errorf("configure the source as %s: %s; give the source that the kernel was built from, with its patches, "+
			"and the compiler (llvm or cross_compile)", p.Config, strings.Join(d, ", "))
	}
	return nil
}
