// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"path/filepath"

	"github.com/rules-kheaders/rules_kheaders/bench/internal/bench"
)

// newMember is the header that the edit adds.
const newMember = "include/linux/vendor.h"

// inputs are the files that Bazel gives.
type inputs struct {
	headers, symvers, config, release *string // of the kernel, for packing
	vmlinux, imageTree                *string // for stamping, and for the image
	linux, patch, objects             *string // for linking again
	kbuild, packer, patcher           *string
	relinker                          *string
}

func newInputs(b *bench.Benchmark) inputs {
	return inputs{
		headers: b.File("headers", "the kernel's headers, a tar"), symvers: b.File("symvers", "its Module.symvers"),
		config: b.File("config", "its .config"), release: b.File("release", "its kernel.release"),
		vmlinux: b.File("vmlinux", "it, linked with a placeholder"), imageTree: b.File("image-tree", "what its image is made from, a tar"),
		linux: b.File("linux", "its source, a .tar.xz"), patch: b.File("patch", "the patch of the source"), objects: b.File("objects", "its objects, a tar"),
		kbuild: b.File("kbuild", "the program kbuild"), packer: b.File("packer", "the packer"), patcher: b.File("patcher", "the patcher"),
		relinker: b.File("relink", "the program that links again"),
	}
}

// programs that both sides run, and Debian's package of each.
var programs = map[string]string{"cp": "coreutils", "gcc": "gcc", "make": "make", "tar": "tar", "xz": "xz-utils"}

// pack is how both sides pack, into their own directories.
func (in inputs) pack(side, added string) []string {
	return []string{
		*in.packer, "pack", "--profile", "module", "--arch", "x86_64", "--tree", *in.headers, "--symvers", *in.symvers,
		"--config", *in.config, "--release", *in.release, "--add", newMember + "=" + added,
		"--out", filepath.Join(side, "archive.tar.xz"),
	}
}

// edit is what these rules do.
func (in inputs) edit(dir, added string) bench.Command {
	side := filepath.Join(dir, "edit")
	archive, stamped, image := filepath.Join(side, "archive.tar.xz"), filepath.Join(side, "vmlinux"), filepath.Join(side, "bzImage")
	return script("pack, stamp, image", image, side,
		in.pack(side, added),
		[]string{*in.patcher, "stamp", "--carrier", *in.vmlinux, "--archive", archive, "--out", stamped, "--report", filepath.Join(side, "report.json")},
		[]string{*in.kbuild, "image", "--arch", "x86_64", "--tree", *in.imageTree, "--vmlinux", stamped, "--goal", "bzImage", "--out", image})
}

// relink is the other way, in two passes, of which this is the second.
func (in inputs) relink(dir, added string) bench.Command {
	side := filepath.Join(dir, "relink")
	image := filepath.Join(side, "bzImage")
	return script("pack, link again, image", image, side,
		in.pack(side, added),
		[]string{*in.relinker, "--source", *in.linux, "--patch", *in.patch, "--arch", "x86_64", "--objects", *in.objects,
			"--archive", filepath.Join(side, "archive.tar.xz"), "--vmlinux", filepath.Join(side, "vmlinux"),
			"--symvers", filepath.Join(side, "Module.symvers"), "--goal", "bzImage", "--image", image})
}

// unpack is the part of relink that a tree that is there does not need.
func (in inputs) unpack(dir string) bench.Command {
	side := filepath.Join(dir, "unpack")
	return script("unpack source and objects", "", side,
		[]string{"tar", "-C", side, "-xJf", *in.linux},
		[]string{"tar", "-C", side, "-xf", *in.objects, "--no-same-owner"},
		[]string{"rm", "-rf", side})
}

// script runs commands one after the other, in an empty directory of their own.
func script(name, out, side string, commands ...[]string) bench.Command {
	lines := []string{bench.Quote("rm", "-rf", side), bench.Quote("mkdir", side)}
	for _, c := range commands {
		lines = append(lines, bench.Quote(c...))
	}
	return bench.Script(name, out, lines...)
}
