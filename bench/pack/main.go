// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Pack measures 'packer pack', paired against the kernel's own gen_kheaders.sh
// on the same tree.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/rules-kheaders/rules_kheaders/internal/bench"
	"github.com/rules-kheaders/rules_kheaders/internal/manifest"
	"github.com/rules-kheaders/rules_kheaders/internal/pack"
)

func main() { os.Exit(bench.Main("pack", run)) }

// Targets of the project, for the tree of 6.1 on two cores. Ratios are to
// gen_kheaders.sh.
var targets = map[string]float64{
	"liblzma_wall_ratio":   0.32,
	"liblzma_bytes_ratio":  1.00,
	"smallest_wall_ratio":  0.65,
	"smallest_bytes_ratio": 0.98,
	"go_wall_ratio":        0.10,
	"go_bytes_ratio":       1.28,
	"module_bytes_ratio":   1.10,
	"prepare_cpu_seconds":  0.5,
	"peak_mib":             600,
}

type options struct {
	*bench.Benchmark
	inputs
}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	b := bench.New("pack", "Measure 'packer pack' against gen_kheaders.sh. Started by 'tools/bazel run //bench:pack', which gives the files.",
		3, ", of two or three minutes each", "")
	o := options{b, newInputs(b)}
	tree := b.String("prepare", "", "only do what comes before compression, for the `TREE` (what is measured as prepare)")
	if help, err := b.Parse(args, stdout); help || err != nil {
		return err
	}
	if *tree != "" {
		return prepare(*tree)
	}
	return b.Measure(ctx, programs, stdout, o.measure)
}

func (o options) measure(ctx context.Context, dir string) (*bench.Report, error) {
	tree, err := o.makeTree(ctx, dir)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	tracing := func(name string, settings ...string) bench.Command {
		return o.command(tree, filepath.Join(dir, name+".tar.xz"), name, append(settings, "--profile", "tracing")...)
	}
	xz := []string{"--compressor", "xz", "--xz", *o.xz}
	liblzma := tracing("liblzma, default", xz...)
	smallest := tracing("liblzma, smallest", slices.Concat(xz, []string{"--xz-preset", "smallest"})...)
	pureGo := tracing("pure Go")
	upstream := o.upstream(tree)
	sizes := make(map[string]float64)
	contents := make(map[string][]manifest.Entry)
	series, err := bench.Turns(ctx, *o.Runs, func(c bench.Command) (err error) {
		contents[c.Name], err = pack.List(c.Out)
		if err != nil {
			return err
		}
		info, err := os.Stat(c.Out)
		if err == nil {
			sizes[c.Name] = float64(info.Size())
		}
		return err
	}, liblzma, smallest, pureGo, upstream)
	if err != nil {
		return nil, err
	}
	for _, c := range []bench.Command{liblzma, smallest, pureGo} {
		if err := sameHeaders(contents[c.Name], contents[upstream.Name]); err != nil {
			return nil, err
		}
	}

	// Half a second, compared with no other: once in a turn of two minutes would say little.
	before, err := bench.Turns(ctx, 5*(*o.Runs), func(bench.Command) error { return nil },
		bench.Command{Name: "before compression", Args: []string{self, "-prepare", tree}})
	if err != nil {
		return nil, err
	}

	module := o.command(tree, filepath.Join(dir, "module.tar.xz"), "module", slices.Concat(xz, []string{
		"--xz-preset", "smallest", "--profile", "module", "--symvers", *o.symvers, "--config", *o.config,
	})...)
	if _, err := bench.Once(ctx, module); err != nil {
		return nil, err
	}
	info, err := os.Stat(module.Out)
	if err != nil {
		return nil, err
	}
	sizes[module.Name] = float64(info.Size())
	// The packer's memory is that of the processes it runs, too, and no rusage
	// has their sum. Looking for it takes time, so these runs are not measured.
	var peak int64
	for _, c := range []bench.Command{liblzma, smallest, pureGo, module} {
		p, err := peakOfAll(ctx, c.Args)
		if err != nil {
			return nil, err
		}
		peak = max(peak, p)
	}

	ofUpstream := func(c bench.Command) float64 { return sizes[c.Name] / sizes[upstream.Name] }
	report := &bench.Report{
		Subject: fmt.Sprintf("%d headers of Linux 6.1, x86-64, which gen_kheaders.sh packs in %.0f bytes", len(contents[upstream.Name]), sizes[upstream.Name]),
		Tables:  []bench.Table{{Name: "profile tracing", Series: series}, {Name: "a part of it, by itself", Series: before}},
		Notes: []string{
			fmt.Sprintf("bytes: liblzma %.0f, smallest %.0f, pure Go %.0f; the profile module, smallest, %.0f",
				sizes[liblzma.Name], sizes[smallest.Name], sizes[pureGo.Name], sizes[module.Name]),
			"peak_mib is of all processes of a packer together",
		},
	}
	for _, f := range []bench.Figure{
		{Name: "liblzma_wall_ratio", Value: series[0].WallRatio(series[3])},
		{Name: "liblzma_bytes_ratio", Value: ofUpstream(liblzma)},
		{Name: "smallest_wall_ratio", Value: series[1].WallRatio(series[3])},
		{Name: "smallest_bytes_ratio", Value: ofUpstream(smallest)},
		{Name: "go_wall_ratio", Value: series[2].WallRatio(series[3])},
		{Name: "go_bytes_ratio", Value: ofUpstream(pureGo)},
		{Name: "module_bytes_ratio", Value: ofUpstream(module)},
		{Name: "prepare_cpu_seconds", Value: before[0].Median().CPU.Seconds()},
		{Name: "peak_mib", Value: float64(peak) / (1 << 20)},
	} {
		f.Most = targets[f.Name]
		report.Figures = append(report.Figures, f)
	}
	return report, nil
}

// builderOnly are headers of upstream's archive that say who built, and when.
var builderOnly = []string{"include/generated/compile.h", "include/generated/utsversion.h"}

// sameHeaders returns an error unless both archives have the same headers: a
// ratio of anything else says nothing.
func sameHeaders(ours, upstreams []manifest.Entry) error {
	d := manifest.Compare(ours, upstreams)
	d.Added = slices.DeleteFunc(d.Added, func(e manifest.Entry) bool { return slices.Contains(builderOnly, e.Name) })
	if differ := append(d.Added, d.Removed...); len(differ) > 0 {
		return fmt.Errorf("pack the same headers: one of the two archives alone has %s, and %d more differ", differ[0].Name, len(differ)-1)
	}
	return nil
}
