// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/rules-kheaders/rules_kheaders/tests/internal/bazeltest"
)

// machines builds hello.ko for the arm64 kernel, from its archive alone, on two kinds
// of machine with the same cross compiler: one of Debian's packages, and one where
// programs are linked with musl and the shell and its tools are busybox. It returns
// the module's digest, which is the same on both.
func (t *test) machines() (string, error) {
	cross, err := bazeltest.Root(t.crossRoot, "/usr/bin/aarch64-linux-gnu-gcc-14")
	if err != nil {
		return "", err
	}
	musl, err := bazeltest.Root(t.crossMuslRoot, amd64.muslCompiler())
	if err != nil {
		return "", err
	}
	first, err := t.onMachine("glibc", cross, func(dir string) error {
		return os.Symlink("gawk", filepath.Join(dir, "usr/bin/awk")) // as the package's alternative
	})
	if err != nil {
		return "", err
	}
	second, err := t.onMachine("musl", musl, func(dir string) error {
		return errors.Join(muslOnly(dir, amd64), t.command("chroot", dir, "/bin/busybox", "sh", "-c", "/bin/busybox --install -s /bin; true"))
	})
	if err != nil {
		return "", err
	}
	if first != second {
		return "", fmt.Errorf("hello.ko: sha256 %s with glibc and %s with musl; want the same", first, second)
	}
	return first, nil
}

// onMachine builds hello.ko in a copy of a root, and returns its digest.
func (t *test) onMachine(name, root string, prepare func(dir string) error) (string, error) {
	dir := filepath.Join(t.dir, "machine-"+name)
	if err := t.command("cp", "--archive", root, dir); err != nil {
		return "", err
	}
	if err := prepare(dir); err != nil {
		return "", err
	}
	for _, made := range []string{"dev", "hello", "proc", "tmp", "tree"} {
		if err := os.MkdirAll(filepath.Join(dir, made), 0o755); err != nil {
			return "", err
		}
	}
	if err := errors.Join(
		t.command("cp", t.hello, t.kbuild, filepath.Join(dir, "hello")),
		t.command("tar", "--extract", "--file="+t.arm64Archive, "--directory="+filepath.Join(dir, "tree")),
	); err != nil {
		return "", err
	}
	const build = `mount --rbind /dev "$1/dev"
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot "$1" /bin/sh -ec '
	make -C /tree -f scripts/Makefile.hosttools HOSTCC=gcc
	make -C /tree M=/hello ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu- modules'`
	if err := t.command("unshare", "--map-root-user", "--mount", "--net", "sh", "-ec", build, "sh", dir); err != nil {
		return "", fmt.Errorf("with %s: %w", name, err)
	}
	return bazeltest.Digest(filepath.Join(dir, "hello/hello.ko"))
}
