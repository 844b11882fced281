// SPDX-License-Identifier: Apache-2.0

// Kbuild runs a kernel's own build in a Bazel action: a kernel, or its image.
package main

import (
	"io"
	"os"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/cli"
	"github.com/rules-kheaders/rules_kheaders/internal/cli/pair"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/kbuild"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/scratch"
)

var tool = cli.Tool{
	Name:    "kbuild",
	Summary: "builds a kernel or an image with the kernel's own make",
	Commands: []cli.Command{
		{Name: "kernel", Usage: "--source TAR --arch ARCH …", Summary: "configure and build a kernel out of tree", Run: kernel},
		{Name: "image", Usage: "--tree TAR --vmlinux FILE --goal GOAL --out FILE", Summary: "make the bootable image of a finished vmlinux", Run: image},
	},
}

func main() { os.Exit(tool.Main(os.Args[1:], os.Stdout, os.Stderr)) }

func kernel(args []string, _, stderr io.Writer) error {
	k := kbuild.Kernel{Log: stderr}
	var patches, overlay, placed, fragments, outs, variables cli.Strings
	fs := cli.NewFlags()
	k.Target.Flags(fs)
	fs.StringVar(&k.Tarball, "source", "", "the kernel's source, a `TAR` as released")
	fs.Var(&patches, "patch", "a `FILE` for patch -p1")
	fs.StringVar(&k.Base, "base", "tinyconfig", "the configuration `GOAL` to start from")
	fs.Var(&fragments, "fragment", "a `FILE` of options on top of it")
	fs.Var(&variables, "variable", "a `NAME=VALUE` for make")
	fs.StringVar(&k.Placeholder, "placeholder", "", "the `FILE` to embed as the kernel's archive")
	fs.StringVar(&k.Packer, "packer", "", "the `FILE` that is the packer, to find the capacity and make the placeholder with")
	fs.BoolVar(&k.UAPI, "uapi", false, "make usr/include too, the headers for programs")
	fs.BoolVar(&k.AllowSeed, "allow-randstruct-seed", false, "build a kernel with CONFIG_RANDSTRUCT: its seed is then in the headers, the image tree and the objects")
	fs.StringVar(&k.Vmlinux, "vmlinux", "", "where vmlinux goes: a `FILE`")
	fs.StringVar(&k.Symvers, "symvers", "", "where Module.symvers goes: a `FILE`")
	fs.StringVar(&k.Config, "config", "", "where .config goes: a `FILE`")
	fs.StringVar(&k.Release, "release", "", "where kernel.release goes: a `FILE`")
	fs.StringVar(&k.SystemMap, "system-map", "", "where System.map goes: a `FILE`")
	fs.StringVar(&k.Headers, "headers", "", "where the candidates for an archive go: a `TAR`")
	fs.StringVar(&k.ImageTree, "image-tree", "", "where what the image is made from goes: a `TAR`")
	fs.Var(&overlay, "overlay", "a file to put in place of the source's, `NAME=FILE`")
	fs.Var(&placed, "place", "a file to put into the objects' tree first, `NAME=FILE`")
	fs.Var(&outs, "out", "a file of the objects' tree to output, `NAME=FILE`")
	fs.StringVar(&k.Report, "report", "", "where the report goes: a `FILE`")
	fs.StringVar(&k.Objects, "objects", "", "where the whole objects' tree goes: a `TAR`")
	if err := cli.ParseAll(fs, args, "source", "arch"); err != nil {
		return err
	}
	if k.Packer != "" && k.Placeholder != "" {
		return cli.Usagef("--packer and --placeholder are both given: expected one, for the packer makes a placeholder")
	}
	// Before the build, for some are used after an hour of it.
	for _, list := range []struct {
		flag   string
		values cli.Strings
	}{{"out", outs}, {"place", placed}, {"overlay", overlay}} {
		for _, v := range list.values {
			if _, _, err := pair.Split(v); err != nil {
				return cli.Usagef("--%s is %v", list.flag, err)
			}
		}
	}
	for _, v := range variables {
		if name, _, ok := strings.Cut(v, "="); !ok || name == "" {
			return cli.Usagef("--variable is %q: expected NAME=VALUE", v)
		}
	}
	k.Patches, k.Overlay, k.Place, k.Fragments, k.Outs, k.Variables = patches, overlay, placed, fragments, outs, variables
	return scratch.Run(func(dir string) error {
		k.Scratch = dir
		return k.Build()
	})
}

func image(args []string, _, stderr io.Writer) error {
	m := kbuild.Image{Log: stderr}
	fs := cli.NewFlags()
	m.Target.Flags(fs)
	fs.StringVar(&m.Tree, "tree", "", "the `TAR` that kernel --image-tree wrote")
	fs.StringVar(&m.Vmlinux, "vmlinux", "", "the finished vmlinux `FILE`")
	fs.StringVar(&m.Goal, "goal", "", "the image's make `GOAL`: bzImage, Image, Image.gz")
	fs.StringVar(&m.Out, "out", "", "the image `FILE`")
	if err := cli.ParseAll(fs, args, "arch", "tree", "vmlinux", "goal", "out"); err != nil {
		return err
	}
	return scratch.Run(func(dir string) error {
		m.Scratch = dir
		return m.Build()
	})
}
