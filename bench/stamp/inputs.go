// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/rules-kheaders/rules_kheaders/bench/internal/bench"
	"github.com/rules-kheaders/rules_kheaders/internal/archive/container"
	"github.com/rules-kheaders/rules_kheaders/internal/archive/xz"
)

const (
	capacity = 6 << 20 // bytes reserved
	content  = 5 << 20 // bytes of the archive
	release  = "6.1.0-bench"
)

// inputs are the files that are stamped.
type inputs struct {
	dir         string
	vmlinux     string
	archive     string // as packer wrote it
	region      string // the archive in exactly the capacity, for objcopy
	relocations int
}

// unit is an object file that a vmlinux is linked from, many times over, in
// about the proportions of Debian's 6.1 with debug information, linked with
// --emit-relocs: of 630 MB, nine tenths are debug information and relocations
// of it, and there are 130,000 symbols.
const unit = `
	.text
	.altmacro
	.macro function n
function_of_the_kernel_\n:
	.quad .Ltext
	.fill 120, 1, 0x90
	.endm
.Ltext:
	.set i, 0
	.rept 1200
	function %i
	.set i, i + 1
	.endr
	.section .rodata, "a"
	.rept 2000
	.quad .Ltext
	.fill 72, 1, 1
	.endr
	.data
	.fill 40000, 1, 2
	.section .debug_info, ""
	.rept 70000
	.quad .Ltext
	.fill 32, 1, 3
	.endr
	.section .debug_str, "MS", @progbits, 1
	.section .debug_line, ""
	.fill 400000, 1, 4
	.bss
	.fill 10000
`

// Of a unit in the file that is linked.
const (
	unitRelocations = 1200 + 2000 + 70000
	// bytes: the sections, the relocations of 24 bytes, the symbols of 24 and
	// their names, which the linker has once
	unitSize = 1200*128 + 2000*80 + 40000 + 70000*40 + 400000 + unitRelocations*24 + 1200*24
)

// reserve is upstream's kernel/kheaders.c as far as it matters, with the
// section that it gets by the one-word patch.
const reserve = `
	.section .rodata, "a"
	.globl linux_banner, kernel_headers_data, kernel_headers_data_end
linux_banner:
	.asciz "Linux version ` + release + ` (bench) #1"
	.section .rodata1, "a"
kernel_headers_data:
	.incbin "placeholder"
kernel_headers_data_end:
`

// makeInputs makes the files in dir; the vmlinux has about size bytes.
func makeInputs(ctx context.Context, dir string, size int64) (in inputs, err error) {
	in = inputs{
		dir:     dir,
		vmlinux: filepath.Join(dir, "vmlinux"),
		archive: filepath.Join(dir, "archive.tar.xz"),
		region:  filepath.Join(dir, "region"),
	}
	placeholder, err := container.Placeholder(capacity)
	if err != nil {
		return in, err
	}
	archive, err := makeArchive()
	if err != nil {
		return in, err
	}
	small, err := archive.Bytes(archive.MinSize())
	if err != nil {
		return in, err
	}
	exact, err := archive.Bytes(capacity)
	if err != nil {
		return in, err
	}
	for name, p := range map[string][]byte{
		in.archive:                        small,
		in.region:                         exact,
		filepath.Join(dir, "placeholder"): placeholder,
		filepath.Join(dir, "unit.s"):      []byte(unit),
		filepath.Join(dir, "reserve.s"):   []byte(reserve),
	} {
		if err := os.WriteFile(name, p, 0o644); err != nil {
			return in, err
		}
	}
	for _, name := range []string{"unit", "reserve"} {
		if err := bench.Run(ctx, dir, "as", "-o", name+".o", name+".s"); err != nil {
			return in, err
		}
	}
	units := int((size - capacity) / unitSize)
	in.relocations = units * unitRelocations
	args := []string{"--emit-relocs", "--no-keep-memory", "-e", "0", "-o", "vmlinux", "reserve.o"}
	for range units {
		args = append(args, "unit.o")
	}
	return in, bench.Run(ctx, dir, "ld", args...)
}

// makeArchive makes an archive of one member, of bytes that no compressor
// would make smaller.
func makeArchive() (*container.Archive, error) {
	p := make([]byte, content)
	rand.NewChaCha8([32]byte{}).Read(p)
	var members bytes.Buffer
	w := tar.NewWriter(&members)
	if err := w.WriteHeader(&tar.Header{Name: "content", Mode: 0o644, Size: content}); err != nil {
		return nil, fmt.Errorf("make archive: %w", err)
	}
	if _, err := w.Write(p); err != nil {
		return nil, fmt.Errorf("make archive: %w", err)
	}
	if err := w.Flush(); err != nil {
		return nil, fmt.Errorf("make archive: %w", err)
	}
	return &container.Archive{
		Marker:  container.Marker{Stamped: true, Release: release, Members: 1, Content: sha256.Sum256(members.Bytes())},
		Content: []xz.Block{xz.Stored(members.Bytes())},
	}, nil
}

// copyTo copies the files to a directory on another file system.
func (in inputs) copyTo(ctx context.Context, dir string) (inputs, error) {
	there := in
	there.dir = dir
	there.vmlinux, there.archive = filepath.Join(dir, "vmlinux"), filepath.Join(dir, "archive.tar.xz")
	return there, bench.Run(ctx, "", "cp", in.vmlinux, in.archive, dir)
}
