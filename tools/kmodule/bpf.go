// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/rules-kheaders/rules_kheaders/internal/cli"
	"github.com/rules-kheaders/rules_kheaders/internal/cli/atomicfile"
	"github.com/rules-kheaders/rules_kheaders/internal/cli/infile"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/bpfobject"
)

func bpf(args []string, _, stderr io.Writer) error {
	o := bpfobject.Object{Log: stderr}
	var sources, headers, includes, flags cli.Strings
	var verdict, kernel string
	var required bool
	fs := cli.NewFlags()
	fs.StringVar(&o.Tree, "tree", "", "the unpacked archive, a `DIR`")
	fs.Var(&sources, "source", "a source of the program, `NAME=FILE`; several are linked")
	fs.StringVar((*string)(&o.Mode), "headers", string(bpfobject.UAPI), "the `MODE`: the program sees the headers for programs (uapi), the kernel's types in vmlinux.h (btf) or the kernel's own headers (kernel)")
	fs.Var(&headers, "header", "a header, `NAME=FILE`")
	fs.Var(&includes, "include", "a `DIR` of the headers to look in")
	fs.Var(&flags, "copt", "a `FLAG` for clang")
	fs.StringVar(&o.Clang, "clang", "", "the `PROGRAM` clang; the PATH's when not given")
	fs.StringVar(&o.Opt, "opt", "", "the `PROGRAM` opt of LLVM, for --headers kernel; the PATH's when not given")
	fs.StringVar(&o.Llc, "llc", "", "the `PROGRAM` llc of LLVM, for --headers kernel; the PATH's when not given")
	fs.StringVar(&o.Bpftool, "bpftool", "", "the `PROGRAM` bpftool")
	fs.StringVar(&o.BTF, "btf", "", "a kernel's BTF, raw or in vmlinux, a `FILE`, to make vmlinux.h of")
	fs.StringVar(&o.Out, "out", "", "where the object goes: a `FILE`")
	fs.StringVar(&o.Skeleton, "skeleton", "", "where the skeleton goes: a `FILE`")
	fs.StringVar(&o.Name, "name", "", "the `NAME` of the skeleton's object")
	fs.StringVar(&verdict, "verdict", "", "where it goes whether the program compiles, a `FILE`; when it does not, there is no object and no error")
	fs.BoolVar(&required, "required", false, "that the program does not compile is an error all the same")
	fs.StringVar(&kernel, "kernel", "", "what the verdict calls the archive, a `NAME`")
	fs.StringVar(&o.Scratch, "scratch", "", "a `DIR` to work in, made and removed")
	if err := cli.ParseAll(fs, args, "tree", "source", "out", "scratch"); err != nil {
		return err
	}
	if err := errors.Join(named("source", sources), named("header", headers), different(o.Out, o.Skeleton, verdict), mode(o)); err != nil {
		return err
	}
	o.Sources, o.Headers, o.Includes, o.Flags = sources, headers, includes, flags
	if verdict != "" {
		v, err := o.Judge(kernel)
		if err != nil {
			return err
		}
		if required && !v.Compiled {
			return fmt.Errorf("the program does not compile for %s, a required kernel: %s", kernel, v.Message)
		}
		return writeJSON(verdict, v)
	}
	err := o.Build()
	if errors.Is(err, bpfobject.ErrShown) {
		os.Exit(1)
	}
	return err
}

// mode refuses headers that do not exist, and a BTF that is not asked for.
func mode(o bpfobject.Object) error {
	switch o.Mode {
	case bpfobject.UAPI, bpfobject.Kernel:
		if o.BTF != "" {
			return cli.Usagef("--btf is given with --headers %s, which makes no vmlinux.h: give --headers btf", o.Mode)
		}
	case bpfobject.BTF:
		if o.BTF == "" {
			return cli.Usagef("--headers btf is given without --btf, of which vmlinux.h is made: give --btf")
		}
	default:
		return cli.Usagef("--headers is %q: expected uapi, btf or kernel", o.Mode)
	}
	return nil
}

func writeJSON(file string, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	return atomicfile.WriteBytes(file, 0o644, append(text, '\n'))
}

func bpfReport(args []string, _, _ io.Writer) error {
	fs := cli.NewFlags()
	name := fs.String("name", "", "the `NAME` of the program")
	out := fs.String("out", "", "where the report goes: a `FILE`")
	files, err := cli.Parse(fs, args)
	if err != nil {
		return err
	}
	if err := cli.Require(fs, "name", "out"); err != nil {
		return err
	}
	var verdicts []bpfobject.Verdict
	for _, file := range files {
		text, err := infile.ReadFile(file)
		if err != nil {
			return err
		}
		var v bpfobject.Verdict
		if err := json.Unmarshal(text, &v); err != nil {
			return fmt.Errorf("read %s: %w; expected a verdict of kmodule bpf", file, err)
		}
		verdicts = append(verdicts, v)
	}
	return atomicfile.Write(*out, 0o644, func(f *os.File) error { return bpfobject.WriteReport(f, *name, verdicts) })
}

func bpfBTF(args []string, _, stderr io.Writer) error {
	c := bpfobject.Core{Log: stderr}
	var objects cli.Strings
	fs := cli.NewFlags()
	fs.StringVar(&c.BTF, "btf", "", "the kernel's BTF, raw or in vmlinux, a `FILE`")
	fs.Var(&objects, "object", "an eBPF object that is to be loaded there, a `FILE`")
	fs.StringVar(&c.Bpftool, "bpftool", "", "the `PROGRAM` bpftool")
	fs.StringVar(&c.Out, "out", "", "where the reduced BTF goes: a `FILE`")
	fs.StringVar(&c.Scratch, "scratch", "", "a `DIR` to work in, made and removed")
	if err := cli.ParseAll(fs, args, "btf", "object", "bpftool", "out", "scratch"); err != nil {
		return err
	}
	c.Objects = objects
	return c.Reduce()
}
