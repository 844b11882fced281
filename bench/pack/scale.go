// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"github.com/rules-kheaders/rules_kheaders/bench/internal/bench"
	"github.com/rules-kheaders/rules_kheaders/internal/archive/lzma2"
	"github.com/rules-kheaders/rules_kheaders/internal/archive/xz"
)

const scaleNote = "scale: computed, not measured: each task of the compression is timed alone on one core, and the queue is simulated " +
	"for so many workers, each with a core that no other slows down; ideal is the work divided by the workers"

// traced returns what the tasks of the compression take, for the plan of some
// workers.
func traced(tree string, p lzma2.Preset, workers int, clock lzma2.Clock) (*lzma2.Trace, error) {
	t := &tracer{preset: p, workers: workers, clock: clock}
	_, err := packWith(tree, t)
	return t.trace, err
}

// tracer is the compressor that traces.
type tracer struct {
	preset  lzma2.Preset
	workers int
	clock   lzma2.Clock
	trace   *lzma2.Trace
}

func (t *tracer) Encode(part lzma2.Part, _ int) (xz.Block, error) {
	t.trace = t.preset.Trace(part, t.workers, t.clock)
	return xz.Stored(nil), nil
}

func (t *tracer) Name() string            { return t.preset.Name() }
func (t *tracer) Memory(int64, int) int64 { return 0 }

// threadTime is what the calling thread has used of a core: other programs on the
// machine do not count.
func threadTime() time.Duration {
	const thread = 1 // RUSAGE_THREAD of getrusage(2)
	var r syscall.Rusage
	if err := syscall.Getrusage(thread, &r); err != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// vsIdeal is how long the critical path is, relative to the work divided by the
// workers.
func vsIdeal(t *lzma2.Trace, workers int) float64 {
	work, _ := t.Work()
	return float64(t.Path(workers)) * float64(workers) / float64(work)
}

func (o options) measureScale(ctx context.Context, dir string) (*bench.Report, error) {
	tree, err := o.makeTree(ctx, dir)
	if err != nil {
		return nil, err
	}
	var tables []bench.Table
	var figures []bench.Figure
	notes := []string{scaleNote}
	for _, p := range []lzma2.Preset{lzma2.Default, lzma2.Smallest, lzma2.Fast} {
		var commands []bench.Command
		for workers := 1; workers <= 2*runtime.NumCPU() && workers <= 32; workers *= 2 {
			c := o.command(tree, filepath.Join(dir, "scale.tar.xz"), fmt.Sprintf("%d workers", workers), "--profile", "tracing", "--preset", p.Name())
			c.Args = append([]string{"env", "GOMAXPROCS=" + strconv.Itoa(workers)}, c.Args...)
			commands = append(commands, c)
		}
		series, err := bench.Turns(ctx, *o.Runs, nil, commands...)
		if err != nil {
			return nil, err
		}
		tables = append(tables, bench.Table{Name: fmt.Sprintf("preset %s, %d cores", p.Name(), runtime.NumCPU()), Series: series})
		name := "scale_"
		if p != lzma2.Default {
			name = p.Name() + "_scale_"
		}
		for _, workers := range []int{4, 8, 16, 32} {
			t, err := traced(tree, p, workers, threadTime)
			if err != nil {
				return nil, err
			}
			work, _ := t.Work()
			f := bench.Figure{Name: fmt.Sprintf("%s%d_vs_ideal", name, workers), Value: vsIdeal(t, workers)}
			f.Most = targets[f.Name]
			figures = append(figures, f)
			notes = append(notes, fmt.Sprintf("%s, %d workers: work %.2f s, critical path %.2f s", p.Name(), workers, work.Seconds(), t.Path(workers).Seconds()))
		}
	}
	return &bench.Report{Subject: "packing the headers of Linux 6.1, x86-64, by the number of workers", Tables: tables, Figures: figures, Notes: notes}, nil
}
