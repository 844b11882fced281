// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Stamp measures 'patcher stamp' on a large vmlinux, paired against copying the
// file and against what else can put bytes into a section of it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"github.com/rules-kheaders/rules_kheaders/bench/internal/bench"
	"github.com/rules-kheaders/rules_kheaders/internal/carrier"
	"github.com/rules-kheaders/rules_kheaders/internal/carrier/stamp"
)

func main() { os.Exit(bench.Main("stamp", run)) }

// Sizes of a vmlinux that is made: less has no room for the reservation, more
// is more than an object file without ELF's extensions holds.
const (
	minMiB = 16
	maxMiB = 3072
)

// Targets of the project.
const (
	mostOfCopy        = 1.05
	mostOfObjcopy     = 0.18
	mostOfLLVMObjcopy = 0.12
	mostOfByteCopy    = 0.03 // where blocks can be shared
	mostMiB           = 16
)

type options struct {
	*bench.Benchmark
	size    *int64
	patcher *string
}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	b := bench.New("stamp", "Measure 'patcher stamp' against cp and objcopy.", 7, "", ", with five times the size free")
	o := options{
		Benchmark: b,
		size:      b.Int64("size", 600, "make a vmlinux of about so many `MiB`"),
		patcher:   b.String("patcher", "", "measure this `FILE` (default: build it with go)"),
	}
	if help, err := b.Parse(args, stdout); help || err != nil {
		return err
	}
	if *o.size < minMiB || *o.size > maxMiB {
		return fmt.Errorf("size is %d: expected %d to %d MiB", *o.size, minMiB, maxMiB)
	}
	return b.Measure(ctx, map[string]string{"as": "binutils", "ld": "binutils", "objcopy": "binutils", "llvm-objcopy": "llvm", "cp": "coreutils"}, stdout, o.measure)
}

func (o options) measure(ctx context.Context, dir string) (*bench.Report, error) {
	patcher := *o.patcher
	if patcher == "" {
		patcher = filepath.Join(dir, "patcher")
		if err := bench.Run(ctx, "", "go", "build", "-o", patcher, "github.com/rules-kheaders/rules_kheaders/tools/patcher"); err != nil {
			return nil, err
		}
	}
	in, err := makeInputs(ctx, dir, *o.size<<20)
	if err != nil {
		return nil, err
	}
	stamps := func(in inputs) bench.Command {
		out := filepath.Join(in.dir, "stamped")
		return bench.Command{Name: "patcher stamp", Out: out, Args: []string{patcher, "stamp", "--carrier", in.vmlinux, "--archive", in.archive, "--out", out}}
	}
	copies := func(in inputs) bench.Command {
		out := filepath.Join(in.dir, "copy")
		return bench.Command{Name: "cp --reflink=never", Out: out, Args: []string{"cp", "--reflink=never", in.vmlinux, out}}
	}
	updates := func(name string) bench.Command {
		out := filepath.Join(dir, name)
		return bench.Command{Name: name + " --update-section", Out: out, Args: []string{name, "--update-section", carrier.DefaultSection + "=" + in.region, in.vmlinux, out}}
	}
	syscall.Sync() // or the inputs are written to the disk while something is measured
	copying := copies(in)
	series, err := bench.Turns(ctx, *o.Runs, func(c bench.Command) error {
		if c.Name == copying.Name {
			return nil
		}
		// All of them have to have done the same work.
		_, err := stamp.Verify(c.Out, "", carrier.Options{})
		return err
	}, stamps(in), copying, updates("objcopy"), updates("llvm-objcopy"))
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(in.vmlinux)
	if err != nil {
		return nil, err
	}
	report := &bench.Report{
		Subject: fmt.Sprintf("vmlinux of %d MiB with debug information and %d relocations, reservation of %d MiB", info.Size()>>20, in.relocations, capacity>>20),
		Tables:  []bench.Table{{Name: "work directory", Series: series}},
		Figures: []bench.Figure{
			{Name: "stamp_vs_cp_wall_ratio", Value: series[0].WallRatio(series[1]), Most: mostOfCopy},
			{Name: "stamp_vs_objcopy_wall_ratio", Value: series[0].WallRatio(series[2]), Most: mostOfObjcopy},
			{Name: "stamp_vs_llvm_objcopy_wall_ratio", Value: series[0].WallRatio(series[3]), Most: mostOfLLVMObjcopy},
			{Name: "peak_mib", Value: float64(series[0].Peak()) / (1 << 20), Most: mostMiB},
		},
	}
	best := ""
	var least float64
	for _, err := range withReflinks(ctx, dir, info.Size(), func(name, mounted string) error {
		there, err := in.copyTo(ctx, mounted)
		if err != nil {
			return err
		}
		series, err := bench.Turns(ctx, *o.Runs, nil, stamps(there), copies(there))
		if err != nil {
			return err
		}
		ratio := series[0].WallRatio(series[1])
		report.Tables = append(report.Tables, bench.Table{Name: name + " on a loop device", Series: series})
		report.Figures = append(report.Figures, bench.Figure{Name: name + "_reflink_vs_cp_wall_ratio", Value: ratio})
		if best == "" || ratio < least {
			best, least = name, ratio
		}
		return nil
	}) {
		why := (*noReflinksError)(nil)
		if !errors.As(err, &why) {
			return nil, err
		}
		report.Notes = append(report.Notes, "one file system less: "+why.Error())
	}
	if best == "" {
		report.Notes = append(report.Notes, "no reflink_vs_cp_wall_ratio: there is no file system that shares blocks")
		return report, nil
	}
	report.Figures = append(report.Figures, bench.Figure{Name: "reflink_vs_cp_wall_ratio", Value: least, Most: mostOfByteCopy})
	report.Notes = append(report.Notes, "reflink_vs_cp_wall_ratio is of "+best+", the better of those that were measured")
	return report, nil
}
