// SPDX-License-Identifier: Apache-2.0

// Kmodule builds kernel modules in a Bazel action, from an unpacked archive.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/cli"
	"github.com/rules-kheaders/rules_kheaders/internal/cli/pair"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/kmodule"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/scratch"
)

var tool = cli.Tool{
	Name:    "kmodule",
	Summary: "builds kernel modules from an archive with the kernel's own make, and eBPF programs",
	Commands: []cli.Command{
		{Name: "build", Usage: "--tree DIR --source NAME=FILE… --out NAME.ko=FILE… --scratch DIR [V=1] [W=1]", Summary: "build modules from an unpacked archive", Run: build},
		{Name: "bpf", Usage: "--tree DIR --source NAME=FILE… --out FILE --scratch DIR", Summary: "compile an eBPF program against an unpacked archive", Run: bpf},
		{Name: "bpf-report", Usage: "--name NAME --out FILE VERDICT…", Summary: "report for which kernels an eBPF program has compiled", Run: bpfReport},
		{Name: "bpf-btf", Usage: "--btf FILE --object FILE… --bpftool PROGRAM --out FILE --scratch DIR", Summary: "reduce a kernel's BTF to what eBPF programs ask for", Run: bpfBTF},
		{Name: "host-tools", Usage: "--tree DIR [--source FILE] --out DIR [HOSTCFLAGS=FLAGS]", Summary: "compile an archive's host tools from the sources in it, or from the kernel's", Run: hostTools},
		{Name: "boot-image", Usage: "--image FILE --kernel FILE --mkbootimg PROGRAM --unpack-bootimg PROGRAM --out FILE --scratch DIR", Summary: "put a kernel into an Android boot image", Run: bootImage},
		{Name: "prepare", Usage: "--source FILE --arch ARCH --config FILE --release FILE --out TAR", Summary: "make a tree of headers from a kernel's source and configuration", Run: prepareTree},
		{Name: "install", Usage: "--module FILE --out FILE [--strip] [--sign-file PROGRAM --key FILE --cert FILE --hash NAME]", Summary: "strip and sign a module, as modules_install does", Run: install},
		{Name: "check", Usage: "[--need NAME=PACKAGE]… [--optional NAME]… --out FILE", Summary: "look for the programs and C headers that a build needs", Run: check},
		{Name: "compile-commands", Usage: "[--out FILE] FILE…", Summary: "make a workspace's compile_commands.json out of those of modules", Run: compileCommands},
	},
}

func main() {
	args := os.Args[1:]
	// The program of kernel_compile_commands, which cannot give arguments.
	if files := os.Getenv("KMODULE_COMPILE_COMMANDS"); files != "" {
		args = append(append([]string{"compile-commands"}, args...), strings.Split(files, "\n")...)
	}
	os.Exit(tool.Main(args, os.Stdout, os.Stderr))
}

func build(args []string, _, stderr io.Writer) error {
	m := kmodule.Module{Log: stderr}
	var sources, flags, includes, config, extra, outs cli.Strings
	fs := cli.NewFlags()
	m.Target.Flags(fs)
	fs.StringVar(&m.Compiler, "compiler", "", "the C compiler that is to run, a `FILE` or a name on the PATH; the kernel's own when not given")
	fs.StringVar(&m.Tree, "tree", "", "the unpacked archive, a `DIR`")
	fs.StringVar(&m.HostTools, "host-tools", "", "a `DIR` of host tools that take the place of the archive's")
	fs.StringVar(&m.BaseBTF, "base-btf", "", "the kernel's BTF, raw or in vmlinux, a `FILE`, to make the modules' own")
	fs.StringVar(&m.Release, "release", "", "the kernel `RELEASE` that the archive must be for")
	fs.Var(&sources, "source", "a file of the sources' directory, `NAME=FILE`")
	fs.StringVar(&m.Dir, "dir", "", "M=, a `DIR` relative to the sources' directory")
	fs.Var(&flags, "ccflag", "a `FLAG` for the C compiler")
	fs.Var(&includes, "include", "a `DIR` of the sources to look for headers in")
	fs.Var(&config, "config", "an option for the Kbuild file and the sources, `CONFIG_NAME=VALUE`")
	fs.Var(&extra, "extra-symbols", "another module's Module.symvers, a `FILE`")
	fs.Var(&outs, "out", "a module to output, `NAME.ko=FILE`")
	fs.StringVar(&m.Symvers, "symvers", "", "where the modules' Module.symvers goes: a `FILE`")
	fs.StringVar(&m.Order, "order", "", "where modules.order goes: a `FILE`")
	fs.StringVar(&m.Commands, "commands", "", "where compile_commands.json goes: a `FILE`")
	fs.BoolVar(&m.Warn, "modpost-warn", false, "undefined symbols are warnings (KBUILD_MODPOST_WARN=1)")
	fs.StringVar(&m.Scratch, "scratch", "", "a `DIR` to work in, made and removed")
	fs.BoolVar(&m.Keep, "keep-scratch", false, "keep the --scratch directory, to look at what make left there")
	var err error
	if m.Variables, err = variables(fs, args, "tree", "source", "out", "scratch"); err != nil {
		return err
	}
	if err := errors.Join(named("source", sources), named("out", outs)); err != nil {
		return err
	}
	written := []string{m.Symvers, m.Order, m.Commands}
	for _, o := range outs {
		_, file, _ := pair.Split(o)
		written = append(written, file)
	}
	if err := different(written...); err != nil {
		return err
	}
	m.Sources, m.Flags, m.Includes, m.Config, m.Extra, m.Outs = sources, flags, includes, config, extra, outs
	err = m.Build()
	if errors.Is(err, kmodule.ErrShown) {
		os.Exit(1)
	}
	return err
}

func hostTools(args []string, _, stderr io.Writer) error {
	h := kmodule.HostTools{Log: stderr}
	fs := cli.NewFlags()
	h.Target.Flags(fs)
	fs.StringVar(&h.Compiler, "compiler", "", "the C compiler that is to run, a `FILE` or a name on the PATH; the kernel's own when not given")
	fs.StringVar(&h.Tree, "tree", "", "the unpacked archive, a `DIR`")
	sourceFlags(fs, &h.Source)
	fs.StringVar(&h.Out, "out", "", "where the tools go: a `DIR`")
	var err error
	if h.Variables, err = variables(fs, args, "tree", "out"); err != nil {
		return err
	}
	if h.Source.Tarball == "" && len(h.Source.Patches)+len(h.Source.Overlay) > 0 {
		return cli.Usagef("--patch or --overlay is given without --source, which they change")
	}
	return scratch.Run(func(dir string) error {
		h.Scratch = dir
		return h.Build()
	})
}

func install(args []string, _, stderr io.Writer) error {
	n := kmodule.Install{Log: stderr}
	fs := cli.NewFlags()
	n.Target.Flags(fs)
	fs.StringVar(&n.Compiler, "compiler", "", "the C compiler of a C++ toolchain, a `FILE`, beside which strip is looked for")
	fs.StringVar(&n.StripProgram, "strip-program", "", "the strip of a C++ toolchain, a `PROGRAM`; one for the module's machine is looked for when not given")
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
	if n.SignFile == "" && (n.Key != "" || n.Cert != "" || n.Hash != "") {
		return cli.Usagef("--key, --cert or --hash is given without --sign-file, which signs with them: give --sign-file too")
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
		// bazel run gives paths of its own relative to the runfiles, where it starts the program.
		if _, err := os.Stat(file); err != nil && !filepath.IsAbs(file) {
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
