// SPDX-License-Identifier: Apache-2.0

package main

import (
	"path/filepath"

	"github.com/rules-kheaders/rules_kheaders/internal/kernel/guest"
	"github.com/rules-kheaders/rules_kheaders/tests/internal/bazeltest"
)

// arm64 boots a kernel that was cross-built on x86-64, whose archive has no program
// that could run on arm64, with Debian's arm64 packages.
func (t *test) arm64() error {
	digest, err := t.machines()
	if err != nil {
		return err
	}
	root, err := bazeltest.Root(t.arm64Root, "/usr/sbin/dkms")
	if err != nil {
		return err
	}
	cpio := filepath.Join(t.dir, "arm64.cpio")
	if err := writeTree(cpio, root, "debian"); err != nil {
		return err
	}
	script, err := t.enter("/debian")
	if err != nil {
		return err
	}
	return t.boot(guest.Config{
		Arch: "arm64", Image: t.arm64Image, Busybox: t.arm64Busybox, Initrd: cpio, MemoryMiB: 3072, Timeout: 3600,
		Files: map[string]string{
			"/bin/in-debian":           script,
			"/debian/hello/Kbuild":     t.kbuild,
			"/debian/hello/hello.c":    t.hello,
			"/debian/usr/bin/kheaders": t.arm64Tool,
		},
		Commands: []string{
			"for d in dev proc sys tmp run; do mkdir -p /debian/$d; done; for d in dev proc sys; do mount -o bind /$d /debian/$d; done; ln -s /proc/self/fd /dev/fd",
			"in-debian ln -sf gawk /usr/bin/awk; in-debian ln -sf gcc /usr/bin/cc; in-debian ln -sf which.debianutils /usr/bin/which",
			"in-debian uname -m; in-debian gcc -dumpmachine",
			"in-debian kheaders",
			"in-debian kheaders mount",
			"in-debian sh -c 'make -C /lib/modules/$(uname -r)/build M=/hello modules'",
			"sha256sum /debian/hello/hello.ko",
			"insmod /debian/hello/hello.ko; rmmod hello",
			"in-debian sh -ec 'cd /usr/src/vpoll-*; dkms add .; dkms autoinstall'",
			"insmod $(find /debian/lib/modules /debian/usr/lib/modules /debian/run -name 'vpoll.ko*' | head -n 1); grep '^vpoll ' /proc/modules",
		},
	},
		"aarch64",
		"in memory until reboot",
		digest+"  /debian/hello/hello.ko",
		"hello: built from this kernel's own archive",
		"hello: gone",
		"vpoll ",
	)
}
