// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Module measures building a module from an archive, unpacking included and
// not, paired against plain make in the kernel's full build tree.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/rules-kheaders/rules_kheaders/internal/bench"
	"github.com/rules-kheaders/rules_kheaders/internal/kmake"
)

func main() { os.Exit(bench.Main("module", run)) }

// Targets of the project.
const (
	mostOfMake         = 1.3
	mostOfMakeUnpacked = 1.0
)

type options struct {
	json                                              *bool
	runs                                              *int
	dir, archive, linux, objects, kmodule, patcher, c *string
}

func run(ctx context.Context, args []string, stdout io.Writer) (err error) {
	flags := bench.Flags()
	o := options{
		json:    flags.Bool("json", false, "print one JSON object"),
		runs:    flags.Int("runs", 7, "measure `N` turns"),
		dir:     flags.String("dir", "", "work in a new directory below `DIR`, with 3 GB free (default $TMPDIR or /tmp)"),
		archive: flags.String("archive", "", "the archive, a `FILE`"),
		linux:   flags.String("linux", "", "the kernel's source, a tar: a `FILE`"),
		objects: flags.String("objects", "", "the kernel's objects' tree, a tar: a `FILE`"),
		kmodule: flags.String("kmodule", "", "the `PROGRAM` kmodule"),
		patcher: flags.String("patcher", "", "the `PROGRAM` patcher"),
		c:       flags.String("source", "", "the module's source, a C `FILE`"),
	}
	if help, err := bench.Parse(flags, "Measure a module's build from an archive against make in the full build tree.", args, stdout); help || err != nil {
		return err
	}
	for _, file := range []*string{o.archive, o.linux, o.objects, o.kmodule, o.patcher, o.c} {
		if *file == "" {
			return errors.New("a file is not given; start this by 'tools/bazel run //bench:module'")
		}
		if err := kmake.Absolute(file); err != nil {
			return err
		}
	}
	if *o.runs < 1 {
		return fmt.Errorf("runs are %d: expected at least one", *o.runs)
	}
	if err := bench.Need(map[string]string{"gcc": "gcc", "make": "make", "tar": "tar"}); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(*o.dir, "bench-module-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, kmake.RemoveScratch(dir)) }()
	report, err := o.measure(ctx, dir)
	if err != nil {
		return err
	}
	if *o.json {
		return report.JSON(stdout)
	}
	return report.Text(stdout)
}

func (o options) measure(ctx context.Context, dir string) (*bench.Report, error) {
	full, module, tree := filepath.Join(dir, "full"), filepath.Join(dir, "module"), filepath.Join(dir, "tree")
	if err := o.fullTree(ctx, full); err != nil {
		return nil, err
	}
	if err := o.writeModule(module); err != nil {
		return nil, err
	}
	if err := command(ctx, dir, *o.patcher, "extract", "--carrier", *o.archive, "--dir", tree); err != nil {
		return nil, err
	}
	// make leaves what it has made; a build that finds it would do nothing.
	forget := "rm -rf " + module + "/.*.cmd " + module + "/*.o " + module + "/*.mod* " + module + "/*.ko " + module + "/Module.symvers && "
	plain := shell("make -C TREE M=", filepath.Join(module, "hello.ko"),
		forget+"make -s -C "+filepath.Join(full, "object")+" M="+module+" modules")
	out := filepath.Join(dir, "hello.ko")
	build := func(tree string) string {
		return fmt.Sprintf("%s build --tree %s --source Kbuild=%[3]s/Kbuild --source hello.c=%[3]s/hello.c --out hello.ko=%[4]s --symvers %[5]s/symvers --scratch %[5]s/scratch",
			*o.kmodule, tree, module, out, dir)
	}
	unpacked := shell("kmodule build", out, forget+build(tree))
	// Each run unpacks into a directory of its own: to remove the last one is no part of it.
	const fresh = "$fresh/tree"
	packed := shell("patcher extract, kmodule build", out,
		"fresh=$(mktemp -d "+dir+"/fresh.XXXXXX) && "+forget+*o.patcher+" extract --carrier "+*o.archive+" --dir "+fresh+" && "+build(fresh))
	series, err := bench.Turns(ctx, *o.runs, func(c bench.Command) error {
		// All of them have to have made a module.
		return isModule(c.Out)
	}, packed, unpacked, plain)
	if err != nil {
		return nil, err
	}
	return &bench.Report{
		Subject: "a module of one source for Linux 6.1, x86-64, by gcc",
		Tables:  []bench.Table{{Name: "from nothing made to hello.ko", Series: series}},
		Figures: []bench.Figure{
			{Name: "module_vs_make_wall_ratio", Value: series[0].WallRatio(series[2]), Most: mostOfMake},
			{Name: "unpacked_module_vs_make_wall_ratio", Value: series[1].WallRatio(series[2]), Most: mostOfMakeUnpacked},
		},
		Notes: []string{"each run first removes what make left in the module's directory"},
	}, nil
}

func shell(name, out, script string) bench.Command {
	return bench.Command{Name: name, Out: out, Args: []string{"sh", "-e", "-c", script}}
}
