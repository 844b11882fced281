// SPDX-License-Identifier: Apache-2.0

//go:build linux

package bench

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/rules-kheaders/rules_kheaders/internal/kernel/kmake"
)

// Benchmark is a benchmark's command line: its own flags, which are added to
// the FlagSet, and those that every benchmark has. The calls are, in this order,
// New, Parse, Measure.
type Benchmark struct {
	*flag.FlagSet
	Runs *int // turns to measure

	name, about string
	json        *bool
	strict      *bool
	dir         *string
	files       []file
}

// file is a flag that names a file which must be there.
type file struct {
	flag string
	path *string
}

// New returns the benchmark that `tools/bazel run //bench:NAME` starts, with a
// default for its turns. What about says is printed for -h; turns and room, of
// which either may be empty, say how long a turn takes and what it needs on the
// disk, as ", of a minute each" does.
func New(name, about string, runs int, turns, room string) *Benchmark {
	fs := flag.NewFlagSet("", flag.ContinueOnError)
	fs.SetOutput(io.Discard) // errors are returned, and printed once
	return &Benchmark{
		FlagSet: fs,
		Runs:    fs.Int("runs", runs, "measure `N` turns"+turns),
		name:    name,
		about:   about,
		json:    fs.Bool("json", false, "print one JSON object"),
		strict:  fs.Bool("check", false, "fail, after the report, where a figure misses its target"),
		dir:     fs.String("dir", "", "work in a new directory below `DIR`"+room+" (default $TMPDIR or /tmp)"),
	}
}

// File adds a flag for a file that Bazel gives. It is required; Measure makes
// its path absolute.
func (b *Benchmark) File(name, what string) *string {
	path := b.String(name, "", what+", a `FILE`")
	b.files = append(b.files, file{name, path})
	return path
}

// Parse parses args, which hold nothing but flags. Asked for help, it prints
// what is said about the benchmark and its flags, and help is true.
func (b *Benchmark) Parse(args []string, stdout io.Writer) (help bool, err error) {
	err = b.FlagSet.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		b.SetOutput(stdout)
		fmt.Fprintln(stdout, b.about)
		b.PrintDefaults()
		return true, nil
	}
	if err == nil && b.NArg() > 0 {
		err = fmt.Errorf("unexpected argument %q: expected only flags", b.Arg(0))
	}
	return false, err
}

// Measure checks what was given and that the programs, by Debian's package of
// each, are there. It calls measure with a directory of its own, which it removes
// afterwards, and prints the report. With -check a target that was missed is an
// error then.
func (b *Benchmark) Measure(ctx context.Context, programs map[string]string, stdout io.Writer, measure func(ctx context.Context, dir string) (*Report, error)) (err error) {
	if err := b.check(programs); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(*b.dir, "bench-"+b.name+"-")
	if err != nil {
		return err
	}
	// Trees that are unpacked have directories without write permission.
	defer func() { err = errors.Join(err, kmake.RemoveScratch(dir)) }()
	report, err := measure(ctx, dir)
	if err != nil {
		return err
	}
	write := report.Text
	if *b.json {
		write = report.JSON
	}
	if err := write(stdout); err != nil || !*b.strict {
		return err
	}
	return report.Missed()
}

func (b *Benchmark) check(programs map[string]string) error {
	if *b.Runs < 1 {
		return fmt.Errorf("runs are %d: expected at least one", *b.Runs)
	}
	for _, f := range b.files {
		if *f.path == "" {
			return fmt.Errorf("-%s FILE is required: start this by 'tools/bazel run //bench:%s'", f.flag, b.name)
		}
		if _, err := os.Stat(*f.path); err != nil {
			return err
		}
		path, err := filepath.Abs(*f.path)
		if err != nil {
			return err
		}
		*f.path = path
	}
	return Need(programs)
}

// Run runs a program that is not measured, in dir, or where this one runs if
// dir is empty. What it printed is in the error.
func Run(ctx context.Context, dir, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("run %s: %w: %.500s", name, err, out)
	}
	return nil
}
