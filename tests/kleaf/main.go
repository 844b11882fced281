// SPDX-License-Identifier: Apache-2.0

// Kleaf tests examples/kleaf as Android's kernel workspaces are: no rules_go, no
// registry and no downloads. The kernel_build is a stand-in, over a kernel built
// here. Start it by `tools/bazel run //tests/kleaf`.
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/kernel/guest"
	"github.com/rules-kheaders/rules_kheaders/tests/internal/bazeltest"
)

func main() { os.Exit(bazeltest.Main("kleaf", run)) }

func run(ctx context.Context, _ []string, w io.Writer) (err error) {
	ours, err := bazeltest.Here(ctx)
	if err != nil {
		return err
	}
	k, err := newKleaf(ours)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, k.RemoveExample()) }()
	if err := k.fill(ours); err != nil {
		return err
	}
	return bazeltest.RunCases(ctx, w,
		bazeltest.Case{Name: "kheaders.ko and a module load", Run: k.loads},
		bazeltest.Case{Name: "the module is compiled by the toolchain that has no tool paths", Run: k.compiler},
		bazeltest.Case{Name: "the workspace has no rules_go", Run: k.external},
		bazeltest.Case{Name: "an archive and kheaders.ko need nothing of the PATH", Run: k.hermeticActions},
		bazeltest.Case{Name: "with a kbuild_toolchain of prebuilts, modules and host tools need nothing of the PATH either", Run: k.prebuilts},
		bazeltest.Case{Name: "an archive in the workspace is pinned without a download", Run: k.pinned},
		bazeltest.Case{Name: "the archive is the one that is packed here", Run: k.sameArchive},
		bazeltest.Case{Name: "a kernel_build without modules in make_goals is refused", Run: k.noModules},
	)
}

// external looks for what a workspace without downloads cannot have among the
// modules that the build used.
func (k *kleaf) external() error {
	base, err := k.Run("info", "output_base")
	if err != nil {
		return err
	}
	entries, err := os.ReadDir(filepath.Join(strings.TrimSpace(string(base)), "external"))
	if err != nil {
		return err
	}
	used := false
	for _, e := range entries {
		module := strings.TrimRight(e.Name(), "+~")
		if module == "rules_go" || module == "gazelle" {
			return fmt.Errorf("the build used %s", e.Name())
		}
		used = used || module == "rules_kheaders"
	}
	if !used {
		return fmt.Errorf("the build did not use rules_kheaders, only %v", entries)
	}
	return nil
}

func (k *kleaf) loads() error {
	if _, err := k.Run("build", "//device:kheaders", "//device:archive", "//drivers/hello", "//drivers/kheaders"); err != nil {
		return err
	}
	files := map[string]string{}
	for target, name := range map[string]string{
		"//device:kheaders": "/modules/kheaders.ko",
		"//drivers/hello":   "/modules/hello.ko",
	} {
		file, err := k.File(target)
		if err != nil {
			return err
		}
		files[name] = file
	}
	var console strings.Builder
	result, err := guest.Run(k.Context, guest.Config{
		Arch:  "x86_64",
		Image: k.image,
		Files: files,
		Commands: []string{
			"insmod /modules/kheaders.ko",
			"xz -dc /sys/kernel/kheaders.tar.xz | tar -t | grep -x Module.symvers",
			"insmod /modules/hello.ko",
		},
		MemoryMiB: 512,
		Timeout:   240,
	}, &console)
	if err != nil {
		return fmt.Errorf("%w\n%s", err, &console)
	}
	said := strings.Join(result.Lines, "\n")
	for _, want := range []string{"Module.symvers", "hello: built from this kernel's own archive"} {
		if !strings.Contains(said, want) {
			return fmt.Errorf("the guest did not say %q:\n%s", want, said)
		}
	}
	return nil
}

// compiler looks at the command that compiles a module.
func (k *kleaf) compiler() error {
	text, err := k.Run("aquery", "--include_param_files", `mnemonic("^KernelModule$", //drivers/hello)`)
	if err != nil {
		return err
	}
	const want = "--compiler " + clangDir + "bin/gcc "
	// aquery has each argument on a line of its own, indented, and a backslash where it is on the command line.
	if line := strings.Join(strings.Fields(strings.ReplaceAll(string(text), "\\\n", "\n")), " "); !strings.Contains(line, want) {
		return fmt.Errorf("the action has no %q:\n%s", want, text)
	}
	return nil
}

// hermeticActions builds with the PATH that Kleaf's flag of this name leaves,
// and with another output directory, so that nothing is there already.
func (k *kleaf) hermeticActions() error {
	dir, err := k.makeHermeticPath()
	if err != nil {
		return err
	}
	_, err = k.Run("build", "--action_env=PATH="+dir, "--disk_cache=", "//device:archive", "//device:kheaders")
	return err
}

// prebuilts builds what runs compilers and make, which that PATH does not have: it
// fails without the toolchain, and says what is missing.
func (k *kleaf) prebuilts() error {
	if err := k.buildTools(); err != nil {
		return err
	}
	targets := []string{"//drivers/hello", "//drivers/kheaders", "//drivers/hello:host_tools"}
	build := append([]string{"build", "--action_env=PATH=" + filepath.Join(k.In, hermeticPath), "--disk_cache="}, targets...)
	if _, err := k.Run(build...); err == nil || !strings.Contains(err.Error(), "make") {
		return fmt.Errorf("without a kbuild_toolchain: got %v, want an error that names make", err)
	}
	_, err := k.Run(append(build, "--extra_toolchains=//"+buildTools+":toolchain")...)
	return err
}

// pinned names an archive in the workspace by its digest.
func (k *kleaf) pinned() error {
	file, err := k.File("//device:archive")
	if err != nil {
		return err
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	module, err := os.ReadFile(filepath.Join(k.In, "MODULE.bazel"))
	if err != nil {
		return err
	}
	module = fmt.Appendf(module, `
kheaders = use_extension("@rules_kheaders//rules:extensions.bzl", "kheaders")
kheaders.archive(name = "pinned", file = "//pinned:kheaders.tar.xz", sha256 = "%x")
use_repo(kheaders, "pinned")
`, sha256.Sum256(content))
	if err := errors.Join(k.write("pinned/BUILD.bazel", nil), k.write("pinned/kheaders.tar.xz", content), k.write("MODULE.bazel", module)); err != nil {
		return err
	}
	if _, err := k.Run("build", "@pinned//:archive"); err != nil {
		return err
	}
	if err := k.write("pinned/kheaders.tar.xz", content[:len(content)-4]); err != nil {
		return err
	}
	_, err = k.Run("build", "@pinned//:archive")
	want := fmt.Sprintf("its sha256 is %x; expected %x", sha256.Sum256(content[:len(content)-4]), sha256.Sum256(content))
	if err == nil || !strings.Contains(err.Error(), want) {
		return fmt.Errorf("got %v, want an error with %q", err, want)
	}
	return nil
}

// sameArchive compares the archive that a release's packer made with this checkout's.
func (k *kleaf) sameArchive() error {
	if _, err := k.Run("build", "//device:archive"); err != nil {
		return err
	}
	file, err := k.File("//device:archive")
	if err != nil {
		return err
	}
	got, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	want, err := os.ReadFile(k.archive)
	if err != nil {
		return err
	}
	if !bytes.Equal(got, want) {
		return fmt.Errorf("%s has %d bytes and is not %s of %d bytes", file, len(got), k.archive, len(want))
	}
	return nil
}

func (k *kleaf) noModules() error {
	if err := k.write("common/out/Module.symvers", nil); err != nil {
		return err
	}
	_, err := k.Run("build", "//device:archive")
	const want = `Module.symvers: it is empty, expected a line for each exported symbol; build the kernel's 'modules' goal too (Kleaf: "modules" in make_goals of kernel_build)`
	if err == nil || !strings.Contains(err.Error(), want) {
		return fmt.Errorf("got %v, want an error with %q", err, want)
	}
	return nil
}
