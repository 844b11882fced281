// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Module measures building a module from an archive, unpacking included and
// not, paired against plain make in the kernel's full build tree.
package main

import (
	"context"
	"io"
	"os"
	"path/filepath"

	"github.com/rules-kheaders/rules_kheaders/bench/internal/bench"
)

func main() { os.Exit(bench.Main("module", run)) }

// Targets of the project.
const (
	mostOfMake         = 1.3
	mostOfMakeUnpacked = 1.0
)

type options struct {
	*bench.Benchmark
	archive, linux, objects, kmodule, patcher, c *string
}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	b := bench.New("module", "Measure a module's build from an archive against make in the full build tree.", 7, "", ", with 3 GB free")
	o := options{
		Benchmark: b,
		archive:   b.File("archive", "the archive"),
		linux:     b.File("linux", "the kernel's source, a tar"),
		objects:   b.File("objects", "the kernel's objects' tree, a tar"),
		kmodule:   b.File("kmodule", "the program kmodule"),
		patcher:   b.File("patcher", "the patcher"),
		c:         b.File("source", "the module's source, in C"),
	}
	if help, err := b.Parse(args, stdout); help || err != nil {
		return err
	}
	return b.Measure(ctx, map[string]string{"gcc": "gcc", "make": "make", "tar": "tar"}, stdout, o.measure)
}

func (o options) measure(ctx context.Context, dir string) (*bench.Report, error) {
	if err := o.fullTree(ctx, filepath.Join(dir, "full")); err != nil {
		return nil, err
	}
	if err := o.writeModule(filepath.Join(dir, "module")); err != nil {
		return nil, err
	}
	if err := bench.Run(ctx, dir, *o.patcher, "extract", "--carrier", *o.archive, "--dir", filepath.Join(dir, "tree")); err != nil {
		return nil, err
	}
	packed, unpacked, plain := o.commands(dir)
	series, err := bench.Turns(ctx, *o.Runs, func(c bench.Command) error {
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

// commands build the module: from the archive, from its tree, and in the full tree.
func (o options) commands(dir string) (packed, unpacked, plain bench.Command) {
	module, out := filepath.Join(dir, "module"), filepath.Join(dir, "hello.ko")
	// make leaves what it has made; a build that finds it would do nothing.
	forget := "rm -rf"
	for _, pattern := range []string{".*.cmd", "*.o", "*.mod*", "*.ko", "Module.symvers"} {
		forget += " " + bench.Quote(module) + "/" + pattern
	}
	build := func(tree string) string {
		return bench.Quote(*o.kmodule, "build") + " --tree " + tree + " " +
			bench.Quote("--source", "Kbuild="+module+"/Kbuild", "--source", "hello.c="+module+"/hello.c", "--out", "hello.ko="+out,
				"--symvers", dir+"/symvers", "--scratch", dir+"/scratch")
	}
	// Each run unpacks into a directory of its own: to remove the last one is no part of it.
	const fresh = `"$fresh/tree"`
	packed = bench.Script("patcher extract, kmodule build", out,
		"fresh=$("+bench.Quote("mktemp", "-d", dir+"/fresh.XXXXXX")+")", forget,
		bench.Quote(*o.patcher, "extract", "--carrier", *o.archive)+" --dir "+fresh, build(fresh))
	unpacked = bench.Script("kmodule build", out, forget, build(bench.Quote(dir+"/tree")))
	plain = bench.Script("make -C TREE M=", filepath.Join(module, "hello.ko"), forget,
		bench.Quote("make", "-s", "-C", filepath.Join(dir, "full/object"), "M="+module, "modules"))
	return packed, unpacked, plain
}
