// SPDX-License-Identifier: Apache-2.0

// Kleaf tests examples/kleaf as Android's kernel workspaces are: no rules_go, no
// registry and no downloads. The kernel_build is a stand-in, over a kernel built
// here. Start it by `tools/bazel run //tests/kleaf`.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/bazeltest"
	"github.com/rules-kheaders/rules_kheaders/internal/guest"
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
		bazeltest.Case{Name: "the workspace has no rules_go", Run: k.external},
		bazeltest.Case{Name: "with xz, the archive is the one that is packed here", Run: k.xz},
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

// xz builds the archive with a toolchain of the workspace's own.
func (k *kleaf) xz() error {
	if _, err := k.Run("build", "--extra_toolchains=//tools/kheaders:toolchain", "//device:archive", "//device:kheaders"); err != nil {
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
