// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/rules-kheaders/rules_kheaders/bench/internal/bench"
)

// mostOfFull is the project's target for packing with the segments of the last
// run, relative to packing without.
const mostOfFull = 0.35

// measurePacking measures packing after an edit with the segments of the run before
// it, against packing without them. Both make the same bytes.
func (o options) measurePacking(ctx context.Context, dir string) ([]bench.Series, bench.Figure, error) {
	side := filepath.Join(dir, "packing")
	header, last, cache := filepath.Join(side, "vendor.h"), filepath.Join(side, "last"), filepath.Join(side, "cache")
	fail := func(err error) ([]bench.Series, bench.Figure, error) { return nil, bench.Figure{}, err }
	version := func(n int) error {
		return os.WriteFile(header, fmt.Appendf(nil, "#define VENDOR_VERSION %d\n", n), 0o644)
	}
	args := o.pack(side, header)
	out := filepath.Join(side, "archive.tar.xz")
	full := bench.Command{Name: "pack", Out: out, Args: args}
	again := bench.Command{Name: "pack, with the segments of the last run", Out: out, Args: append(args[:len(args):len(args)], "--cache", cache)}
	if err := errors.Join(os.Mkdir(side, 0o755), version(1)); err != nil {
		return fail(err)
	}
	if _, err := bench.Once(ctx, again); err != nil {
		return fail(err)
	}
	if err := errors.Join(os.Rename(cache, last), version(2)); err != nil {
		return fail(err)
	}
	series := []bench.Series{{Name: again.Name}, {Name: full.Name}}
	for range *o.Runs {
		var archives [2][]byte
		for i, c := range []bench.Command{again, full} {
			if err := errors.Join(os.RemoveAll(cache), bench.Run(ctx, "", "cp", "-a", last, cache)); err != nil {
				return fail(err)
			}
			sample, err := bench.Once(ctx, c)
			if err != nil {
				return fail(err)
			}
			series[i].Samples = append(series[i].Samples, sample)
			if archives[i], err = os.ReadFile(out); err != nil {
				return fail(err)
			}
		}
		if !bytes.Equal(archives[0], archives[1]) {
			return fail(errors.New("pack after an edit: the archive has other bytes with the segments of the last run than without"))
		}
	}
	return series, bench.Figure{Name: "edit_pack_vs_full_ratio", Value: series[0].WallRatio(series[1]), Most: mostOfFull}, nil
}
