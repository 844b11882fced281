// SPDX-License-Identifier: Apache-2.0

// Import writes targets for Debian's dkms packages, unedited, by `kheaders import`,
// and builds them by Bazel with the archive of Debian's kernel, and with the compiler
// and make of the root that the packages are in.
// Start it by `tools/bazel run //tests/import`; names of packages as arguments are
// imported alone.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/cli"
	"github.com/rules-kheaders/rules_kheaders/tests/internal/bazeltest"
)

func main() { os.Exit(bazeltest.Main("import", run)) }

// wanted is how many of the packages are to be built. Three of the others do not
// compile with this kernel's linux-headers either (docs/modules.md).
const wanted = 23

// A workspace is a vendor's, with a package of Bazel's for each of Debian's.
type workspace struct {
	bazeltest.Workspace
	w        io.Writer
	kheaders string // the program
	sources  string // usr/src of the root that Debian's packages are in
}

const module = `module(name = "drivers")

bazel_dep(name = "rules_kheaders", version = "0.1.0")
local_path_override(module_name = "rules_kheaders", path = %q)

kheaders = use_extension("@rules_kheaders//rules:extensions.bzl", "kheaders")
kheaders.archive(name = "device", file = "//:kheaders.tar.xz", sha256 = %q)
use_repo(kheaders, "device")

register_toolchains("//debian:toolchain")
`

// debian has Debian's packages as a kbuild_toolchain.
const debian = `load("@rules_kheaders//rules:defs.bzl", "kbuild_toolchain")

kbuild_toolchain(
    name = "debian",
    root = "root.tar",
)

toolchain(
    name = "toolchain",
    toolchain = ":debian",
    toolchain_type = "@rules_kheaders//rules/toolchain:kbuild_toolchain_type",
)
`

func run(ctx context.Context, args []string, w io.Writer) (err error) {
	var archive, dkms, kheaders string
	fs := cli.NewFlags()
	var files bazeltest.Files
	files.Var(fs, &archive, "archive", "the archive of Debian's kernel, a `FILE`")
	files.Var(fs, &dkms, "dkms", "the `PROGRAM` dkms in the root of Debian's packages")
	files.Var(fs, &kheaders, "kheaders", "the `PROGRAM` kheaders")
	names, err := files.Parse(fs, args)
	if err != nil {
		return err
	}
	root, err := bazeltest.Root(dkms, "/usr/sbin/dkms")
	if err != nil {
		return err
	}
	here, err := bazeltest.Here(ctx)
	if err != nil {
		return err
	}
	s := workspace{Workspace: here, w: w, kheaders: kheaders, sources: filepath.Join(root, "usr/src")}
	if s.In, err = bazeltest.TempDir("import"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.RemoveExample()) }()
	if err := errors.Join(s.write(archive), s.toolchain(root)); err != nil {
		return err
	}
	packages, err := s.packages(names)
	if err != nil {
		return err
	}
	var cases []bazeltest.Case
	for _, name := range packages {
		cases = append(cases, bazeltest.Case{Name: name, Run: func() error { return s.build(name) }})
	}
	if len(names) == 0 {
		cases = []bazeltest.Case{{Name: fmt.Sprintf("at least %d packages are built", wanted), Run: func() error { return s.buildAll(packages) }}}
	}
	return bazeltest.RunCases(ctx, w, cases...)
}

// write makes the workspace, with the archive.
func (s *workspace) write(archive string) error {
	digest, err := bazeltest.Digest(archive)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(archive)
	if err != nil {
		return err
	}
	var errs []error
	for name, content := range map[string]string{
		".bazelrc":        "common --enable_bzlmod --noenable_workspace\nbuild --incompatible_strict_action_env\nbuild --noincompatible_sandbox_hermetic_tmp\n",
		"BUILD.bazel":     "",
		"MODULE.bazel":    fmt.Sprintf(module, s.Dir, digest),
		"kheaders.tar.xz": string(text),
	} {
		errs = append(errs, os.WriteFile(filepath.Join(s.In, name), []byte(content), 0o644))
	}
	return errors.Join(errs...)
}

// toolchain makes a package of the root.
func (s *workspace) toolchain(root string) error {
	dir := filepath.Join(s.In, "debian")
	links := filepath.Join(dir, "links/usr/bin")
	if err := os.MkdirAll(links, 0o755); err != nil {
		return err
	}
	for name, target := range bazeltest.Alternatives {
		if err := os.Symlink(target, filepath.Join(links, name)); err != nil {
			return err
		}
	}
	tar := filepath.Join(dir, "root.tar")
	if err := s.command("tar", "--create", "--file="+tar, "--exclude=usr/src", "--exclude=usr/share", "--directory="+root,
		"bin", "etc", "lib", "lib64", "sbin", "usr"); err != nil {
		return err
	}
	if err := s.command("tar", "--append", "--file="+tar, "--directory="+filepath.Join(dir, "links"), "usr"); err != nil {
		return err
	}
	return errors.Join(os.RemoveAll(filepath.Join(dir, "links")), os.WriteFile(filepath.Join(dir, "BUILD.bazel"), []byte(debian), 0o644))
}

// command runs a program.
func (s *workspace) command(name string, args ...string) error {
	if out, err := exec.CommandContext(s.Context, name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", filepath.Base(name), err, out)
	}
	return nil
}

// packages are the names of the directories that have a dkms.conf, or those of them
// that are asked for without their versions.
func (s *workspace) packages(names []string) ([]string, error) {
	found, err := filepath.Glob(filepath.Join(s.sources, "*/dkms.conf"))
	if err != nil {
		return nil, err
	}
	var all []string
	for _, file := range found {
		all = append(all, filepath.Base(filepath.Dir(file)))
	}
	if len(names) == 0 {
		if len(all) == 0 {
			return nil, fmt.Errorf("look for dkms.conf in %s: there is none", s.sources)
		}
		return all, nil
	}
	var some []string
	for _, name := range names {
		i := slices.IndexFunc(all, func(p string) bool { return p == name || strings.HasPrefix(p, name+"-") })
		if i < 0 {
			return nil, cli.Usagef("package is %q: expected some of %s", name, strings.Join(all, ", "))
		}
		some = append(some, all[i])
	}
	return some, nil
}

// build imports a package and builds what was written.
func (s *workspace) build(name string) error {
	dir := filepath.Join(s.In, name)
	if err := s.command("cp", "--archive", filepath.Join(s.sources, name), dir); err != nil {
		return err
	}
	if err := s.command(s.kheaders, "import", dir); err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	_, err := s.Run("build", "//"+name+":all")
	return err
}

// buildAll builds packages, and fails unless as many as wanted are built.
func (s *workspace) buildAll(packages []string) error {
	built := 0
	for _, name := range packages {
		if err := s.build(name); err != nil {
			if s.Context.Err() != nil {
				return err
			}
			fmt.Fprintf(s.w, "%s is not built: %s\n", name, lastLines(err.Error(), 15))
			continue
		}
		built++
		fmt.Fprintf(s.w, "%s is built\n", name)
	}
	fmt.Fprintf(s.w, "%d of %d packages are built\n", built, len(packages))
	if built < wanted {
		return fmt.Errorf("%d of %d packages are built, want %d", built, len(packages), wanted)
	}
	return nil
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
