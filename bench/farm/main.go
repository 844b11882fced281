// SPDX-License-Identifier: Apache-2.0

// Farm simulates a day of a build farm that makes many kernels, from what the
// demo's actions were measured to take: docs/scale.md. It runs without Bazel.
package main

import (
	_ "embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/rules-kheaders/rules_kheaders/internal/execlog"
)

// The demo's chain in one run, in the form of 'actioncost --json'. docs/scale.md says
// where it is from, and has it as a table.
//
//go:embed measured.json
var measured []byte

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "farm: %v\n", err)
		os.Exit(1)
	}
}

// A plan is what is assumed, beside what was measured.
type plan struct {
	Configurations int     // asked for in a day
	Commits        int     // that they come with, at once each
	Edits          float64 // share that change only what the archive holds
	Repeats        float64 // share that were built before
	Machines       int
	Factor         float64 // of a kernel's seconds and bytes to the demo's
	Days           int     // that the store keeps
	Seed           uint64
}

func run(args []string, stdout io.Writer) error {
	fs := flag.NewFlagSet("", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	var p plan
	fs.IntVar(&p.Configurations, "configurations", 10000, "configurations asked for in a day")
	fs.IntVar(&p.Commits, "commits", 100, "commits that they come with, each with its share at once")
	fs.Float64Var(&p.Edits, "edits", 0.1, "share of them that change only what the archive holds")
	fs.Float64Var(&p.Repeats, "repeats", 0.3, "share of them that were built before")
	fs.IntVar(&p.Machines, "machines", 0, "machines, 0 for as few as are busy at most 70 % of the day")
	fs.Float64Var(&p.Factor, "factor", 1, "seconds and bytes of a kernel, relative to the demo's")
	fs.IntVar(&p.Days, "days", 7, "days that the store keeps what was made")
	fs.Uint64Var(&p.Seed, "seed", 1, "of the random numbers")
	file := fs.String("measured", "", "the JSON `FILE` of 'actioncost --json' (default the demo's)")
	err := fs.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fs.SetOutput(stdout)
		fmt.Fprintln(stdout, "Simulate a day of a farm that builds kernels with their archives.")
		fs.PrintDefaults()
		return nil
	}
	if err != nil {
		return err
	}
	if fs.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q: expected only flags", fs.Arg(0))
	}
	if err := p.check(); err != nil {
		return err
	}
	text, from := measured, "measured.json"
	if *file != "" {
		from = *file
		if text, err = os.ReadFile(*file); err != nil {
			return err
		}
	}
	var costs []execlog.Cost
	if err := json.Unmarshal(text, &costs); err != nil {
		return fmt.Errorf("%s: expected what 'actioncost --json' printed: %w", from, err)
	}
	c, err := newChain(costs, p.Factor)
	if err != nil {
		return err
	}
	return simulate(p, c).print(stdout, p)
}

func (p plan) check() error {
	switch {
	case p.Configurations < 1 || p.Commits < 1 || p.Commits > p.Configurations:
		return fmt.Errorf("%d configurations and %d commits: expected at least one of each, and no more commits", p.Configurations, p.Commits)
	case p.Edits < 0 || p.Repeats < 0 || p.Edits+p.Repeats > 1:
		return fmt.Errorf("shares of edits %g and of repeats %g: expected two from 0 to 1, and together at most 1", p.Edits, p.Repeats)
	case p.Machines < 0 || p.Factor <= 0 || p.Days < 1:
		return fmt.Errorf("%d machines, factor %g, %d days: expected none or more, above 0, and at least one", p.Machines, p.Factor, p.Days)
	}
	return nil
}
