// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Edit measures what it takes when what the archive holds has changed: to pack,
// stamp and make the image, paired against packing and linking the kernel again
// with the new archive inside.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/rules-kheaders/rules_kheaders/bench/internal/bench"
	"github.com/rules-kheaders/rules_kheaders/internal/carrier/members"
)

func main() { os.Exit(bench.Main("edit", run)) }

// mostOfRelink is the project's target.
const mostOfRelink = 0.5

type options struct {
	*bench.Benchmark
	inputs
}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	b := bench.New("edit", "Measure an edit of the archive's content against a second link. Started by 'tools/bazel run //bench:edit', which gives the files.",
		3, ", of about two minutes each", "")
	o := options{b, newInputs(b)}
	packing := b.Bool("packing", false, "measure only the packing, with what the last run left and without")
	if help, err := b.Parse(args, stdout); help || err != nil {
		return err
	}
	if *packing {
		return b.Measure(ctx, programs, stdout, func(ctx context.Context, dir string) (*bench.Report, error) {
			series, figure, err := o.measurePacking(ctx, dir)
			return &bench.Report{Subject: subject, Tables: []bench.Table{{Name: "packing", Series: series}}, Figures: []bench.Figure{figure}}, err
		})
	}
	return b.Measure(ctx, programs, stdout, o.measure)
}

const subject = "a header is added to what the archive of Linux 6.1, x86-64, tinyconfig with modules, holds"

func (o options) measure(ctx context.Context, dir string) (*bench.Report, error) {
	added := filepath.Join(dir, "vendor.h")
	if err := os.WriteFile(added, []byte("#define VENDOR_VERSION 2\n"), 0o644); err != nil {
		return nil, err
	}
	edit, relink, unpack := o.edit(dir, added), o.relink(dir, added), o.unpack(dir)
	series, err := bench.Turns(ctx, *o.Runs, func(c bench.Command) error {
		if c.Out == "" {
			return nil
		}
		return o.holdsTheNew(ctx, filepath.Dir(c.Out))
	}, edit, relink, unpack)
	if err != nil {
		return nil, err
	}
	packed, ofFull, err := o.measurePacking(ctx, dir)
	if err != nil {
		return nil, err
	}
	return &bench.Report{
		Subject: subject,
		Tables:  []bench.Table{{Name: "from the header to the image", Series: series}, {Name: "packing, when the header changes", Series: packed}},
		Figures: []bench.Figure{
			{Name: "edit_vs_relink_wall_ratio", Value: series[0].WallRatio(series[1]), Most: mostOfRelink},
			{Name: "edit_vs_relink_in_place_wall_ratio", Value: series[0].WallRatio(without(series[1], series[2]))},
			ofFull,
		},
		Notes: []string{
			"a second link needs the source and all objects, which an action unpacks first; in_place is without the time of that, as in a tree that is there",
			"both sides pack the same archive by the same packer",
		},
	}, nil
}

// without is a series less another of the same turns.
func without(s, less bench.Series) bench.Series {
	rest := bench.Series{Name: s.Name + ", in place", Samples: slices.Clone(s.Samples)}
	for i := range rest.Samples {
		rest.Samples[i].Wall = max(rest.Samples[i].Wall-less.Samples[i].Wall, time.Nanosecond)
	}
	return rest
}

// holdsTheNew fails unless the vmlinux of a side has the new header in its
// archive: a side that did not do its work says nothing.
func (o options) holdsTheNew(ctx context.Context, side string) error {
	out := filepath.Join(side, "read_back.tar.xz")
	if err := bench.Run(ctx, "", *o.patcher, "extract", "--carrier", filepath.Join(side, "vmlinux"), "--out", out); err != nil {
		return err
	}
	members, err := members.List(out)
	if err != nil {
		return err
	}
	for _, m := range members {
		if m.Name == newMember {
			return os.Remove(out)
		}
	}
	return fmt.Errorf("the vmlinux in %s holds %d members, and no %s", side, len(members), newMember)
}
