// SPDX-License-Identifier: Apache-2.0

// Device boots guests that are devices of Debian's packages, with compilers and
// tracers, no headers and no network, and has the tools use the headers that
// the program kheaders gives them.
// Start it by `tools/bazel run //tests/device`; names of guests as arguments are
// booted alone.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/cli"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/guest"
	"github.com/rules-kheaders/rules_kheaders/tests/internal/bazeltest"
)

func main() { os.Exit(bazeltest.Main("device", run)) }

type test struct {
	ctx context.Context
	w   io.Writer
	dir string // to work in

	archive, debianImage, debianRoot, deb          string
	arm64Image, arm64Root, arm64Busybox, arm64Tool string
	arm64Archive, crossRoot, crossMuslRoot         string
	muslRoot                                       string
	hello, kbuild                                  string
}

func run(ctx context.Context, args []string, w io.Writer) (err error) {
	t := test{ctx: ctx, w: w}
	fs := cli.NewFlags()
	var files bazeltest.Files
	files.Var(fs, &t.hello, "hello", "hello.c, a `FILE`")
	files.Var(fs, &t.kbuild, "kbuild", "its Kbuild, a `FILE`")
	files.Var(fs, &t.archive, "archive", "the archive of Debian's kernel, a `FILE`")
	files.Var(fs, &t.debianImage, "debian-image", "Debian's vmlinuz, a `FILE`")
	files.Var(fs, &t.debianRoot, "debian-root", "usr/bin/stap in a root of Debian's packages, a `FILE`")
	files.Var(fs, &t.deb, "deb", "the Debian package of kheaders, a `FILE`")
	files.Var(fs, &t.arm64Archive, "arm64-archive", "the archive that the arm64 kernel carries, a `FILE`")
	files.Var(fs, &t.crossRoot, "cross-root", "usr/bin/aarch64-linux-gnu-gcc-14 in a root of Debian's x86-64 packages, a `FILE`")
	files.Var(fs, &t.crossMuslRoot, "cross-musl-root", "usr/bin/x86_64-linux-musl-gcc in a root of Debian's x86-64 packages, a `FILE`")
	files.Var(fs, &t.arm64Image, "arm64-image", "an arm64 kernel that carries its archive, a `FILE`")
	files.Var(fs, &t.arm64Root, "arm64-root", "usr/sbin/dkms in a root of Debian's arm64 packages, a `FILE`")
	files.Var(fs, &t.arm64Busybox, "arm64-busybox", "a static arm64 busybox, a `FILE`")
	files.Var(fs, &t.arm64Tool, "arm64-kheaders", "the arm64 `PROGRAM` kheaders")
	files.Var(fs, &t.muslRoot, "musl-root", "usr/bin/aarch64-linux-musl-gcc in a root of Debian's arm64 packages, a `FILE`")
	names, err := files.Parse(fs, args)
	if err != nil {
		return err
	}
	guests := []struct {
		name string
		boot func() error
	}{{"debian", t.debian}, {"arm64", t.arm64}, {"musl", t.musl}}
	var known []string
	for _, g := range guests {
		known = append(known, g.name)
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return cli.Usagef("guest is %q: expected some of %s", name, strings.Join(known, ", "))
		}
	}
	if t.dir, err = bazeltest.TempDir("device"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, bazeltest.RemoveAll(t.dir)) }()
	var cases []bazeltest.Case
	for _, g := range guests {
		if len(names) == 0 || slices.Contains(names, g.name) {
			cases = append(cases, bazeltest.Case{Name: g.name, Run: g.boot})
		}
	}
	return bazeltest.RunCases(ctx, w, cases...)
}

// saw fails unless lines have all that is wanted, in that order.
func saw(lines []string, wanted ...string) error {
	for _, want := range wanted {
		i := slices.IndexFunc(lines, func(line string) bool { return strings.Contains(line, want) })
		if i < 0 {
			return fmt.Errorf("the guest did not print %q after what was expected before it; its console is above", want)
		}
		lines = lines[i+1:]
	}
	return nil
}

// boot boots a guest and looks for lines.
func (t *test) boot(c guest.Config, wanted ...string) error {
	result, err := guest.Run(t.ctx, c, t.w)
	if err != nil {
		return err
	}
	return saw(result.Lines, wanted...)
}

// enter writes a script that runs its arguments in a root below a guest's own.
func (t *test) enter(root string) (file string, err error) {
	file = filepath.Join(t.dir, "in"+strings.ReplaceAll(root, "/", "-"))
	script := "#!/bin/sh\nPATH=/usr/sbin:/usr/bin:/sbin:/bin exec chroot " + root + " \"$@\"\n"
	return file, os.WriteFile(file, []byte(script), 0o755)
}
