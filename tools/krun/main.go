// SPDX-License-Identifier: Apache-2.0

// Krun runs a program of a Bazel action that runs others, as make and compilers,
// with those that are inputs of the action and none of the machine's.
package main

import (
	"io"
	"os"

	"github.com/rules-kheaders/rules_kheaders/internal/cli"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/rootfs"
)

var tool = cli.Command{
	Name:    "krun",
	Usage:   "{--root TAR | --path DIR…} --from NAME [--need NAME=PACKAGE]… -- PROGRAM ARGUMENT…",
	Summary: "run a program with a kbuild_toolchain's programs and none of the machine's",
	Run:     run,
}

func main() { os.Exit(tool.Main(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, _, _ io.Writer) error {
	var p rootfs.Programs
	var path, needs cli.Strings
	fs := cli.NewFlags()
	fs.StringVar(&p.Root, "root", "", "a root file system to run in, a `TAR` or a directory")
	inside := fs.String("inside", "", "where the root is made, a `DIR`: krun itself gives it")
	fs.Var(&path, "path", "a `DIR` of programs: PATH has these alone")
	fs.Var(&needs, "need", "a program, or a C header by a name with .h, that must be there, and Debian's package of it, `NAME=PACKAGE`")
	fs.StringVar(&p.From, "from", "", "the `NAME` of what has the programs, for errors")
	program, err := cli.Parse(fs, args)
	if err != nil {
		return err
	}
	if err := cli.Require(fs, "from"); err != nil {
		return err
	}
	if len(program) == 0 {
		return cli.Usagef("no program is given: expected -- PROGRAM ARGUMENT…")
	}
	p.Path, p.Needs = path, needs
	if *inside != "" {
		return p.Enter(*inside, program)
	}
	if (p.Root == "") == (len(p.Path) == 0) {
		return cli.Usagef("expected one of --root and --path")
	}
	status, err := p.Run(func(dir string) []string { return append([]string{"--inside", dir}, args...) }, program)
	if err == nil && status != 0 {
		os.Exit(status) // the program has said why
	}
	return err
}
