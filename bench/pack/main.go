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

	"github.com/rules-kheaders/rules_kheaders/bench/internal/bench"
	"github.com/rules-kheaders/rules_kheaders/internal/archive/lzma2"
	"github.com/rules-kheaders/rules_kheaders/internal/archive/manifest"
	"github.com/rules-kheaders/rules_kheaders/internal/carrier/members"
)

func main() { os.Exit(bench.Main("pack", run)) }

// Targets of the project, for the tree of 6.1 on two cores. Ratios are to
// gen_kheaders.sh.
var targets = map[string]float64{
	"default_wall_ratio":   0.11,
	"default_bytes_ratio":  0.970,
	"smallest_wall_ratio":  0.20,
	"smallest_bytes_ratio": 0.955,
	"fast_wall_ratio":      0.035,
	"fast_bytes_ratio":     1.12,
	"prepare_cpu_seconds":  0.5,
	"peak_mib":             400,
	"scale_16_vs_ideal":    1.3,

	"module_default_bytes_ratio":  0.99,
	"module_smallest_bytes_ratio": 0.97,
}

// presets are those of the packer.
var presets = []string{"default", "smallest", "fast"}

type options struct {
	*bench.Benchmark
	inputs
}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	b := bench.New("pack", "Measure 'packer pack' against gen_kheaders.sh. Started by 'tools/bazel run //bench:pack', which gives the files.",
		3, ", of two or three minutes each", "")
	o := options{b, newInputs(b)}
	tree := b.String("prepare", "", "only do what comes before compression, for the `TREE` (what is measured as prepare)")
	scale := b.Bool("scale", false, "measure the wall time by the number of workers, and compute the critical path for more, instead")
	doc := b.String("doc", "", "put the figures into the table of `FILE` too, docs/archive.md")
	if help, err := b.Parse(args, stdout); help || err != nil {
		return err
	}
	if *tree != "" {
		return prepare(*tree)
	}
	if *scale {
		return b.Measure(ctx, programs, stdout, o.measureScale)
	}
	return b.Measure(ctx, programs, stdout, func(ctx context.Context, dir string) (*bench.Report, error) {
		report, err := o.measure(ctx, dir)
		if err == nil && *doc != "" {
			err = writeTable(*doc, report)
		}
		return report, err
	})
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
	command := func(name, profile, preset string, settings ...string) bench.Command {
		return o.command(tree, filepath.Join(dir, name+".tar.xz"), name, append(settings, "--profile", profile, "--preset", preset)...)
	}
	var commands []bench.Command
	for _, preset := range presets {
		commands = append(commands, command(preset, "tracing", preset))
	}
	upstream := o.upstream(tree)
	sizes := make(map[string]float64)
	contents := make(map[string][]manifest.Entry)
	series, err := bench.Turns(ctx, *o.Runs, func(c bench.Command) (err error) {
		contents[c.Name], err = members.List(c.Out)
		if err != nil {
			return err
		}
		info, err := os.Stat(c.Out)
		if err == nil {
			sizes[c.Name] = float64(info.Size())
		}
		return err
	}, append(commands, upstream)...)
	if err != nil {
		return nil, err
	}
	for _, c := range commands {
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

	ofUpstream := func(name string) float64 { return sizes[name] / sizes[upstream.Name] }
	var figures []bench.Figure
	var peak int64
	for i, preset := range presets {
		figures = append(figures,
			bench.Figure{Name: preset + "_wall_ratio", Value: series[i].WallRatio(series[len(presets)])},
			bench.Figure{Name: preset + "_bytes_ratio", Value: ofUpstream(preset)})
		peak = max(peak, series[i].Peak())
	}
	for _, preset := range []string{"default", "smallest"} {
		name := "module_" + preset
		c := command(name, "module", preset, "--symvers", *o.symvers, "--config", *o.config)
		sample, err := bench.Once(ctx, c)
		if err != nil {
			return nil, err
		}
		info, err := os.Stat(c.Out)
		if err != nil {
			return nil, err
		}
		sizes[name] = float64(info.Size())
		figures = append(figures, bench.Figure{Name: name + "_bytes_ratio", Value: ofUpstream(name)})
		peak = max(peak, sample.Peak)
	}
	trace, err := traced(tree, lzma2.Default, 16, threadTime)
	if err != nil {
		return nil, err
	}
	figures = append(figures,
		bench.Figure{Name: "scale_16_vs_ideal", Value: vsIdeal(trace, 16)},
		bench.Figure{Name: "prepare_cpu_seconds", Value: before[0].Median().CPU.Seconds()},
		bench.Figure{Name: "peak_mib", Value: float64(peak) / (1 << 20)})
	for i, f := range figures {
		figures[i].Most = targets[f.Name]
	}
	return &bench.Report{
		Subject: fmt.Sprintf("%d headers of Linux 6.1, x86-64, which gen_kheaders.sh packs in %.0f bytes", len(contents[upstream.Name]), sizes[upstream.Name]),
		Tables:  []bench.Table{{Name: "profile tracing", Series: series}, {Name: "a part of it, alone", Series: before}},
		Figures: figures,
		Notes: []string{
			fmt.Sprintf("bytes: default %.0f, smallest %.0f, fast %.0f; the profile module, default %.0f, smallest %.0f",
				sizes["default"], sizes["smallest"], sizes["fast"], sizes["module_default"], sizes["module_smallest"]),
			scaleNote,
		},
	}, nil
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
