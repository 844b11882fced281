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
)

// interpreter is glibc's on x86-64 (elf/dl-machine.h); hidden is where the guest
// with musl has it, for the compiler of Debian's alone.
const (
	interpreter = "/lib64/ld-linux-x86-64.so.2"
	hidden      = "/opt/ld-glibc.so"
)

// muslGCC is a compiler for musl, by the specs of Debian's musl-tools.
const muslGCC = "#!/bin/sh\nexec /usr/bin/gcc-12 \"$@\" -specs /usr/lib/x86_64-linux-musl/musl-gcc.specs\n"

// musl boots the demo's kernel with a root in which no program of glibc's runs but
// the compiler itself: what the compiler makes is linked with musl, and the host
// tools in the archive do not start.
func (t *test) musl() error {
	root, err := rootOf(t.muslRoot, "/usr/bin/x86_64-linux-musl-gcc")
	if err != nil {
		return err
	}
	system := filepath.Join(t.dir, "musl")
	if err := t.command("cp", "--archive", root, system); err != nil {
		return err
	}
	if err := hideGlibc(system); err != nil {
		return err
	}
	for _, name := range []string{"gcc", "cc"} {
		file := filepath.Join(system, "usr/bin", name)
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := os.WriteFile(file, []byte(muslGCC), 0o755); err != nil {
			return err
		}
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
		Arch: "x86_64", Image: t.muslImage, Initrd: cpio, MemoryMiB: 2048, Timeout: 1800,
		Files: map[string]string{
			"/bin/in-musl":           script,
			"/musl/hello/Kbuild":     t.kbuild,
			"/musl/hello/hello.c":    t.hello,
			"/musl/usr/bin/kheaders": t.muslTool,
		},
		Commands: []string{
			"for d in dev proc root sys tmp run; do mkdir -p /musl/$d; done; for d in dev proc sys; do mount -o bind /$d /musl/$d; done",
			"in-musl /bin/busybox --install -s /bin 2>/dev/null || true",
			"! ls /musl" + interpreter + " 2>/dev/null",
			"in-musl kheaders",
			"in-musl sh -c 'cd /hello && kheaders build'",
			"insmod /musl/hello/hello.ko; rmmod hello",
			"in-musl sh -c 'grep -l ld-musl /lib/modules/$(uname -r)/build/scripts/mod/modpost'",
		},
	},
		"built /hello/hello.ko",
		"hello: built from this kernel's own archive",
		"hello: gone",
		"scripts/mod/modpost",
	)
}

// hideGlibc moves glibc's interpreter in a root, so that none but the programs
// of that root start.
func hideGlibc(root string) error {
	from, to := filepath.Join(root, interpreter), filepath.Join(root, hidden)
	text, err := os.ReadFile(from)
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
		at, err := interpreterAt(file)
		if err != nil || at < 0 {
			return err
		}
		f, err := os.OpenFile(file, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		_, err = f.WriteAt([]byte(hidden+strings.Repeat("\x00", len(interpreter)-len(hidden))), at)
		return errors.Join(err, f.Close())
	})
}

// interpreterAt is where a program names glibc's interpreter, or -1.
func interpreterAt(file string) (int64, error) {
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
		name := make([]byte, len(interpreter))
		if p.Type != elf.PT_INTERP {
			continue
		}
		if _, err := p.ReadAt(name, 0); err == nil && bytes.Equal(name, []byte(interpreter)) {
			return int64(p.Off), nil
		}
	}
	return -1, nil
}
