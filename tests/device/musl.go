// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"debug/elf"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/kernel/guest"
	"github.com/rules-kheaders/rules_kheaders/tests/internal/bazeltest"
)

// hidden is where a root with musl has glibc's interpreter, for Debian's compiler
// alone.
const hidden = "/opt/ld-glibc.so"

// An abi is how Debian names an architecture, and glibc its interpreter there
// (elf/dl-machine.h).
type abi struct{ name, interpreter string }

var (
	amd64 = abi{"x86_64", "/lib64/ld-linux-x86-64.so.2"}
	arm64 = abi{"aarch64", "/lib/ld-linux-aarch64.so.1"}
)

// muslCompiler is the file that a root with a compiler for musl is known by, of
// Debian's musl-tools.
func (a abi) muslCompiler() string { return "/usr/bin/" + a.name + "-linux-musl-gcc" }

// musl boots the cross-built kernel with a root in which no program of glibc's runs
// but the compiler itself: what the compiler makes is linked with musl, and the host
// tools in the archive are sources.
func (t *test) musl() error {
	root, err := bazeltest.Root(t.muslRoot, arm64.muslCompiler())
	if err != nil {
		return err
	}
	system := filepath.Join(t.dir, "musl")
	if err := t.command("cp", "--archive", root, system); err != nil {
		return err
	}
	if err := muslOnly(system, arm64); err != nil {
		return err
	}
	cpio := system + ".cpio"
	if err := writeTree(cpio, system, "musl"); err != nil {
		return err
	}
	script, err := t.enter("/musl")
	if err != nil {
		return err
	}
	return t.boot(guest.Config{
		Arch: "arm64", Image: t.arm64Image, Busybox: t.arm64Busybox, Initrd: cpio, MemoryMiB: 2048, Timeout: 1800,
		Files: map[string]string{
			"/bin/in-musl":           script,
			"/musl/hello/Kbuild":     t.kbuild,
			"/musl/hello/hello.c":    t.hello,
			"/musl/usr/bin/kheaders": t.arm64Tool,
		},
		Commands: []string{
			"for d in dev proc root sys tmp run; do mkdir -p /musl/$d; done; for d in dev proc sys; do mount -o bind /$d /musl/$d; done",
			"in-musl /bin/busybox --install -s /bin 2>/dev/null || true",
			"! ls /musl" + arm64.interpreter + " 2>/dev/null",
			"in-musl kheaders",
			"in-musl sh -c 'cd /hello && kheaders build'",
			"insmod /musl/hello/hello.ko; rmmod hello",
			"in-musl kheaders mount; in-musl sh -c 'grep -l ld-musl /lib/modules/$(uname -r)/build/scripts/mod/modpost'",
		},
	},
		"built /hello/hello.ko",
		"hello: built from this kernel's own archive",
		"hello: gone",
		"scripts/mod/modpost",
	)
}

// muslOnly makes a root's compiler link with musl, and has no other program of
// glibc's start there.
func muslOnly(root string, a abi) error {
	if err := a.hideGlibc(root); err != nil {
		return err
	}
	gcc := "#!/bin/sh\nexec /usr/bin/gcc-14 \"$@\" -specs /usr/lib/" + a.name + "-linux-musl/musl-gcc.specs\n"
	for _, name := range []string{"gcc", "cc"} {
		file := filepath.Join(root, "usr/bin", name)
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := os.WriteFile(file, []byte(gcc), 0o755); err != nil {
			return err
		}
	}
	return nil
}

// hideGlibc moves glibc's interpreter in a root, so that none but the programs
// of that root start.
func (a abi) hideGlibc(root string) error {
	from, to := filepath.Join(root, a.interpreter), filepath.Join(root, hidden)
	// The link may be absolute: outside of the root that leads to another.
	target, err := os.Readlink(from)
	if err != nil {
		return err
	}
	if !filepath.IsAbs(target) {
		target = filepath.Join(filepath.Dir(a.interpreter), target)
	}
	text, err := os.ReadFile(filepath.Join(root, target))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(to, text, 0o755); err != nil {
		return err
	}
	if err := os.Remove(from); err != nil {
		return err
	}
	return filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		at, err := a.interpreterAt(file)
		if err != nil || at < 0 {
			return err
		}
		f, err := os.OpenFile(file, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		_, err = f.WriteAt([]byte(hidden+strings.Repeat("\x00", len(a.interpreter)-len(hidden))), at)
		return errors.Join(err, f.Close())
	})
}

// interpreterAt is where a program names glibc's interpreter, or -1.
func (a abi) interpreterAt(file string) (int64, error) {
	f, err := os.Open(file)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	program, err := elf.NewFile(f)
	if err != nil {
		return -1, nil // a text
	}
	for _, p := range program.Progs {
		name := make([]byte, len(a.interpreter))
		if p.Type != elf.PT_INTERP {
			continue
		}
		if _, err := p.ReadAt(name, 0); err == nil && bytes.Equal(name, []byte(a.interpreter)) {
			return int64(p.Off), nil
		}
	}
	return -1, nil
}
