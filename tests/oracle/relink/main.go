// SPDX-License-Identifier: Apache-2.0

// Relink links a kernel a second time, from the objects of the first, with
// another archive or another kernel/kheaders.c inside: what stamping is held
// against, and a cheap way to a kernel that differs in this one file.
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/rules-kheaders/rules_kheaders/internal/cli"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/kbuild"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/scratch"
)

func main() {
	if err := run(os.Args[1:], os.Stderr); err != nil {
		fmt.Fprintf(os.Stderr, "relink: %v\n", err)
		os.Exit(1)
	}
}

func run(args []string, stderr io.Writer) error {
	r := kbuild.Relink{Log: stderr}
	var patches, overlay, variables cli.Strings
	fs := cli.NewFlags()
	r.Target.Flags(fs)
	fs.StringVar(&r.Tarball, "source", "", "the kernel's source, a `TAR` as released")
	fs.Var(&patches, "patch", "a `FILE` for patch -p1")
	fs.Var(&overlay, "overlay", "a file to put in place of the source's, `NAME=FILE`")
	fs.Var(&variables, "variable", "a `NAME=VALUE` for make")
	fs.StringVar(&r.Objects, "objects", "", "the `TAR` that kernel --objects wrote")
	fs.StringVar(&r.Archive, "archive", "", "the archive `FILE` to link with")
	fs.StringVar(&r.Vmlinux, "vmlinux", "", "where vmlinux goes: a `FILE`")
	fs.StringVar(&r.Symvers, "symvers", "", "where Module.symvers goes: a `FILE`")
	fs.StringVar(&r.ImageGoal, "goal", "", "the image's make `GOAL`")
	fs.StringVar(&r.Image, "image", "", "where the image goes: a `FILE`")
	if err := cli.ParseAll(fs, args, "source", "arch", "objects", "archive", "symvers", "goal", "image"); err != nil {
		return err
	}
	r.Patches, r.Overlay, r.Variables = patches, overlay, variables
	return scratch.Run(func(dir string) error {
		r.Scratch = dir
		return r.Build()
	})
}
