// SPDX-License-Identifier: Apache-2.0

// Kmodule builds kernel modules in a Bazel action, from an unpacked archive.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/rules-kheaders/rules_kheaders/internal/cli"
	"github.com/rules-kheaders/rules_kheaders/internal/kmodule"
)

var tool = cli.Tool{
	Name:    "kmodule",
	Summary: "builds kernel modules from an archive with the kernel's own make",
	Commands: []cli.Command{
		{Name: "build", Usage: "--tree DIR --source NAME=FILE… --out NAME.ko=FILE… --scratch DIR", Summary: "build modules from an unpacked archive", Run: build},
		{Name: "install", Usage: "--module FILE --out FILE [--strip] [--sign-file PROGRAM --key FILE --cert FILE --hash NAME]", Summary: "strip and sign a module, as modules_install does", Run: install},
		{Name: "compile-commands", Usage: "[--out FILE] FILE…", Summary: "make a workspace's compile_commands.json out of those of modules", Run: compileCommands},
	},
}

func main() { os.Exit(tool.Main(os.Args[1:], os.Stdout, os.Stderr)) }

func build(args []string, _, stderr io.Writer) error {
	m := kmodule.Module{Log: stderr}
	var sources, flags, includes, config, extra, outs cli.Strings
	fs := cli.NewFlags()
	m.Target.Flags(fs)
	fs.StringVar(&m.Compiler, "compiler", "", "the C compiler of a C++ toolchain, a `FILE`; its name says whether it is gcc or clang")
	fs.StringVar(&m.Tree, "tree", "", "the unpacked archive, a `DIR`")
	fs.StringVar(&m.Release, "release", "", "the kernel `RELEASE` that the archive must be for")
	fs.Var(&sources, "source", "a file of the sources' directory, `NAME=FILE`")
	fs.StringVar(&m.Dir, "dir", "", "M=, a `DIR` relative to the sources' directory")
	fs.Var(&flags, "ccflag", "a `FLAG` for the C compiler")
	fs.Var(&includes, "include", "a `DIR` of the sources to look for headers in")
	fs.Var(&config, "config", "an option for the Kbuild file and the sources, `CONFIG_NAME=VALUE`")
	fs.Var(&extra, "extra-symbols", "another module's Module.symvers, a `FILE`")
	fs.Var(&outs, "out", "a module to bring out, `NAME.ko=FILE`")
	fs.StringVar(&m.Symvers, "symvers", "", "where the modules' Module.symvers goes: a `FILE`")
	fs.StringVar(&m.Order, "order", "", "where modules.order goes: a `FILE`")
	fs.StringVar(&m.Commands, "commands", "", "where compile_commands.json goes: a `FILE`")
	fs.BoolVar(&m.Warn, "modpost-warn", false, "undefined symbols are warnings (KBUILD_MODPOST_WARN=1)")
	fs.StringVar(&m.Scratch, "scratch", "", "a `DIR` to work in, made and removed")
	if err := cli.ParseAll(fs, args, "tree", "source", "scratch"); err != nil {
		return err
	}
	m.Sources, m.Flags, m.Includes, m.Config, m.Extra, m.Outs = sources, flags, includes, config, extra, outs
	err := m.Build()
	if errors.Is(err, kmodule.ErrShown) {
		os.Exit(1)
	}
	return err
}

func install(args []string, _, stderr io.Writer) error {
	n := kmodule.Install{Log: stderr}
	fs := cli.NewFlags()
	n.Target.Flags(fs)
	fs.StringVar(&n.Module, "module", "", "the built module, a `FILE`")
	fs.StringVar(&n.Out, "out", "", "where it goes: a `FILE`")
	fs.BoolVar(&n.Strip, "strip", false, "strip debug information")
	fs.StringVar(&n.SignFile, "sign-file", "", "the kernel's scripts/sign-file, a `PROGRAM`")
	fs.StringVar(&n.Key, "key", "", "the private key, a PEM `FILE`")
	fs.StringVar(&n.Cert, "cert", "", "its certificate, a `FILE`")
	fs.StringVar(&n.Hash, "hash", "", "the hash `NAME`, CONFIG_MODULE_SIG_HASH")
	if err := cli.ParseAll(fs, args, "module", "out"); err != nil {
		return err
	}
	return n.Run()
}

// compileCommands is run by `bazel run`, which says where the workspace is.
func compileCommands(args []string, stdout, _ io.Writer) error {
	fs := cli.NewFlags()
	out := fs.String("out", "compile_commands.json", "the `FILE` to write, relative to the workspace")
	files, err := cli.Parse(fs, args)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return cli.Usagef("no file is given; expected compile_commands.json of kernel_modules")
	}
	workspace := os.Getenv("BUILD_WORKSPACE_DIRECTORY")
	if workspace == "" {
		if workspace, err = os.Getwd(); err != nil {
			return err
		}
	}
	from := os.Getenv("BUILD_WORKING_DIRECTORY")
	for i, file := range files {
		if !filepath.IsAbs(file) {
			files[i] = filepath.Join(from, file)
		}
	}
	if !filepath.IsAbs(*out) {
		*out = filepath.Join(workspace, *out)
	}
	all, err := kmodule.MergeCommands(workspace, files)
	if err != nil {
		return err
	}
	if err := kmodule.WriteCommands(*out, all); err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "%s: %d sources\n", *out, len(all))
	return err
}
