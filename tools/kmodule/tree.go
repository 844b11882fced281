// SPDX-License-Identifier: Apache-2.0

package main

import (
	"flag"
	"io"

	"github.com/rules-kheaders/rules_kheaders/internal/cli"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/prepare"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/scratch"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/source"
)

// sourceFlags adds the flags that rules/private/source.bzl writes.
func sourceFlags(fs *flag.FlagSet, s *source.Source) {
	fs.StringVar(&s.Tarball, "source", "", "the kernel's source, a tar: a `FILE`")
	fs.Var((*cli.Strings)(&s.Patches), "patch", "a `FILE` for patch -p1")
	fs.Var((*cli.Strings)(&s.Overlay), "overlay", "a file to put in place of the source's own, `NAME=FILE`")
}

func prepareTree(args []string, _, stderr io.Writer) error {
	p := prepare.Tree{Log: stderr}
	fs := cli.NewFlags()
	p.Target.Flags(fs)
	sourceFlags(fs, &p.Source)
	fs.StringVar(&p.Config, "config", "", "the kernel's .config, a `FILE`")
	fs.StringVar(&p.Release, "release", "", "a `FILE` with what uname -r prints")
	fs.StringVar(&p.Out, "out", "", "where the tree goes: a `TAR`")
	if err := cli.ParseAll(fs, args, "source", "arch", "config", "release", "out"); err != nil {
		return err
	}
	return scratch.Run(func(dir string) error {
		p.Scratch = dir
		return p.Run()
	})
}
