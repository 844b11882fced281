// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"slices"

	"github.com/rules-kheaders/rules_kheaders/internal/cli"
	"github.com/rules-kheaders/rules_kheaders/internal/cli/pair"
	"github.com/rules-kheaders/rules_kheaders/internal/headers/pack"
	"github.com/rules-kheaders/rules_kheaders/internal/headers/symvers"
	"github.com/rules-kheaders/rules_kheaders/internal/headers/tree"
)

var gather = cli.Command{
	Name:    "gather",
	Usage:   "--out F.tar --arch A [--tree DIR_OR_TAR]... [--root DIR]... [--files LIST]... [--release F] [--take NAME=FILE]... [--allow-randstruct-seed]",
	Summary: "Write what an archive can be made of, from the places where another build left it, as one tar.",
	Run:     runGather,
}

func runGather(args []string, _, _ io.Writer) error {
	flags := cli.NewFlags()
	var o pack.Gather
	var take cli.Strings
	flags.StringVar(&o.Arch, "arch", "", "the kernel's `ARCH`, as make takes it: x86, arm64")
	flags.Var((*cli.Strings)(&o.Trees), "tree", "a `DIR_OR_TAR` of the kernel's files; what several have is taken from the first; may be repeated")
	flags.Var((*cli.Strings)(&o.Roots), "root", "a `DIR` of the trees that holds the kernel's files, where a distribution divides them into several; may be repeated")
	flags.Var((*cli.Strings)(&o.Lists), "files", "a `LIST` of the kernel's files, words NAME=FILE, behind the trees; may be repeated")
	flags.StringVar(&o.Release, "release", "", "the `FILE` that says what the kernel's release is; the trees' files are made to agree")
	flags.Var(&take, "take", "also write one file of the trees, `NAME=FILE`; may be repeated")
	flags.BoolVar(&o.AllowSeed, "allow-randstruct-seed", false, "gather a kernel with CONFIG_RANDSTRUCT, and its seed with it")
	out := flags.String("out", "", "the tar, a `FILE` to write")
	if err := cli.ParseAll(flags, args, "out", "arch"); err != nil {
		return err
	}
	to := map[string]string{}
	for _, text := range take {
		name, file, err := pair.Split(text)
		if err != nil {
			return cli.Usagef("--take is %v, such as .config=out/config", err)
		}
		if other, ok := to[name]; ok {
			return cli.Usagef("--take is given twice for %s, as %s and as %s: leave one out", name, other, file)
		}
		o.Take = append(o.Take, name)
		to[name] = file
	}
	g, err := o.Run()
	if err != nil {
		return err
	}
	content, err := g.AppendTar(nil)
	if err != nil {
		return err
	}
	files := outputs{{*out, content}}
	for _, name := range o.Take {
		files = append(files, output{to[name], g.Taken(name)})
	}
	if err := files.check(slices.Concat(o.Trees, o.Lists, []string{o.Release}), g.Inputs()); err != nil {
		return err
	}
	return files.write(nil)
}

var joinSymvers = cli.Command{
	Name:    "symvers",
	Usage:   "--out F MODULE_SYMVERS...",
	Summary: "Join the Module.symvers of a kernel's parts, as a GKI kernel and a vendor's modules, into one.",
	Run:     runSymvers,
}

func runSymvers(args []string, _, _ io.Writer) error {
	flags := cli.NewFlags()
	out := flags.String("out", "", "the `FILE` to write")
	names, err := cli.Parse(flags, args)
	if err != nil {
		return err
	}
	if err := cli.Require(flags, "out"); err != nil {
		return err
	}
	if len(names) == 0 {
		return cli.Usagef("no Module.symvers is given, expected one or more")
	}
	var files []symvers.File
	for _, name := range names {
		p, err := tree.ReadFile(name)
		if err != nil {
			return fmt.Errorf("read symbols: %w", err)
		}
		files = append(files, symvers.File{Name: name, Content: p})
	}
	joined, err := symvers.Join(files...)
	if err != nil {
		return fmt.Errorf("read symbols: %w", err)
	}
	made := outputs{{*out, joined}}
	if err := made.check(names, nil); err != nil {
		return err
	}
	return made.write(nil)
}
