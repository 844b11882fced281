// SPDX-License-Identifier: Apache-2.0

// Package prepare makes the tree that an archive is packed from out of a
// kernel's source and configuration, where the build of the kernel keeps
// neither generated headers nor scripts.
package prepare

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/cli/atomicfile"
	"github.com/rules-kheaders/rules_kheaders/internal/cli/infile"
	"github.com/rules-kheaders/rules_kheaders/internal/headers/pack"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/kconfig"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/kmake"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/source"
)

// Tree makes the tree. The kernel is not built: make modules_prepare makes
// what its source lacks.
type Tree struct {
	kmake.Target
	Source  source.Source // the kernel's
	Config  string        // the kernel's complete .config
	Release string        // a file with what the kernel calls itself: one line
	Out     string        // the tree, a tar

	Scratch string // where to work: Kbuild writes this path into host tools
	Log     io.Writer
}

// Run writes Out.
func (t Tree) Run() error {
	if err := kmake.Absolute(&t.Config); err != nil {
		return err
	}
	text, err := infile.ReadFile(t.Release)
	if err != nil {
		return err
	}
	release := strings.TrimSpace(string(text))
	src, obj := filepath.Join(t.Scratch, "source"), filepath.Join(t.Scratch, "object")
	if err := t.unpack(src, obj); err != nil {
		return err
	}
	version, err := t.make(src, obj, "kernelversion")
	if err != nil {
		return err
	}
	if err := checkVersion(release, string(version)); err != nil {
		return fmt.Errorf("prepare the tree of %s: %w", t.Source.Tarball, err)
	}
	if err := t.configure(src, obj); err != nil {
		return err
	}
	// The release may hold what only its own build knew: LOCALVERSION, the state of a repository.
	if _, err := t.make(src, obj, "KERNELRELEASE="+release, "modules_prepare"); err != nil {
		return err
	}
	tree, err := pack.Gather{Arch: t.Arch, Trees: []string{obj, src}, Release: t.Release}.Run()
	if err != nil {
		return err
	}
	content, err := tree.AppendTar(nil)
	if err != nil {
		return err
	}
	return atomicfile.WriteBytes(t.Out, 0o644, content)
}

func (t Tree) unpack(src, obj string) error {
	for _, dir := range []string{src, obj} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	return t.Source.UnpackForModules(t.Log, src, t.Scratch)
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
func (t Tree) make(src, obj string, words ...string) ([]byte, error) {
	args := append(t.Args(), "-s", "-C", src, "O="+obj)
	return kmake.Run(t.Log, t.Scratch, t.Scratch, "make", append(args, words...)...)
}

// configure makes obj/.config, which must be the kernel's own.
func (t Tree) configure(src, obj string) error {
	config := filepath.Join(obj, ".config")
	if err := kmake.CopyFile(t.Config, config); err != nil {
		return err
	}
	if _, err := t.make(src, obj, "olddefconfig"); err != nil {
		return err
	}
	given, err := kconfig.ReadFile(t.Config)
	if err != nil {
		return err
	}
	made, err := kconfig.ReadFile(config)
	if err != nil {
		return err
	}
	if d := differences(given, made); len(d) > 0 {
		return fmt.Errorf("configure the source as %s: %s; give the source that the kernel was built from, with its patches, "+
			"and the compiler (llvm or cross_compile)", t.Config, strings.Join(d, ", "))
	}
	return nil
}
