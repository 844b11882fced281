// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Package bench measures programs against one another, as processes: paired,
// in turns (A B C, B C A, ...), so that what disturbs the machine disturbs all
// of them, what one leaves behind another, and ratios are taken within a turn.
//
// A benchmark's main is one line, os.Exit(bench.Main("name", run)); its run makes
// a Benchmark, which has the flags, the checks and the report that all have.
package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Command is a program to measure.
type Command struct {
	Name string   // for the table
	Args []string // the program and its arguments
	// Out is a file that the program writes, "" for none: it is removed before
	// and after each run, so that none pays for what another wrote, or for the
	// kernel writing that to the disk.
	Out string
}

// Sample is what one run took.
type Sample struct {
	Wall time.Duration `json:"wall_ns"`
	CPU  time.Duration `json:"cpu_ns"`     // user and system
	Peak int64         `json:"peak_bytes"` // resident memory
}

// Series is what a command took, turn by turn.
type Series struct {
	Name    string
	Samples []Sample
}

// launcherName is what Main goes by in a process of its own. Linux counts the
// memory of the process that calls exec(2) towards the peak of the program
// (fs/exec.c, exec_mmap): a benchmark that has been at work would be measured
// along with each program. A launcher has just begun, with some 4 MiB.
const launcherName = "bench-launcher"

// Main runs a benchmark and returns its exit status: 0, or 1 after one line on
// stderr. ctx ends with an interrupt.
func Main(name string, run func(ctx context.Context, args []string, stdout io.Writer) error) int {
	if os.Args[0] == launcherName {
		return launch(os.Args[1:])
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %s\n", name, strings.ReplaceAll(err.Error(), "\n", "; "))
		return 1
	}
	return 0
}

// resultFile is the descriptor that a launcher writes its Sample to.
const resultFile = 3

// launch runs a program and writes what it took.
func launch(args []string) int {
	// The signal is sent when the thread that started the program ends.
	runtime.LockOSThread()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	cmd.Stderr = os.Stderr
	start := time.Now()
	err := cmd.Run()
	wall := time.Since(start)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		fmt.Fprintln(os.Stderr, "no resource usage from wait4")
		return 1
	}
	sample := Sample{
		Wall: wall,
		CPU:  cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(),
		Peak: usage.Maxrss << 10, // getrusage(2): in KiB
	}
	if err := json.NewEncoder(os.NewFile(resultFile, "result")).Encode(sample); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// Once runs a command and returns what it took. Its output is left.
func Once(ctx context.Context, c Command) (s Sample, err error) {
	if c.Out != "" {
		if err := os.Remove(c.Out); err != nil && !errors.Is(err, os.ErrNotExist) {
			return s, err
		}
	}
	r, w, err := os.Pipe()
	if err != nil {
		return s, err
	}
	defer r.Close()
	self, err := os.Executable()
	if err != nil {
		w.Close()
		return s, err
	}
	cmd := exec.CommandContext(ctx, self)
	cmd.Args = append([]string{launcherName}, c.Args...)
	cmd.ExtraFiles = []*os.File{w}
	var said strings.Builder
	cmd.Stderr = &said
	err = cmd.Run() // what it writes is less than a pipe holds
	w.Close()
	if err != nil {
		return s, fmt.Errorf("run %s: %w: %s", c.Name, errors.Join(err, ctx.Err()), strings.TrimSpace(said.String()))
	}
	if err := json.NewDecoder(r).Decode(&s); err != nil {
		return s, fmt.Errorf("run %s: read what it took: %w", c.Name, err)
	}
	return s, nil
}

// Turns measures commands in turns, after one that is not counted. check, if
// not nil, is called after each command of that first turn.
func Turns(ctx context.Context, turns int, check func(Command) error, commands ...Command) ([]Series, error) {
	series := make([]Series, len(commands))
	for turn := range turns + 1 {
		for place := range commands {
			i := (place + turn) % len(commands)
			c := commands[i]
			s, err := Once(ctx, c)
			if err == nil && turn == 0 && check != nil {
				err = check(c)
			}
			if err == nil && c.Out != "" {
				err = os.Remove(c.Out)
			}
			if err != nil {
				return nil, err
			}
			series[i].Name = c.Name
			if turn > 0 {
				series[i].Samples = append(series[i].Samples, s)
			}
		}
	}
	return series, nil
}

// Median returns the median of each quantity.
func (s Series) Median() Sample {
	return Sample{
		Wall: median(s.Samples, func(x Sample) time.Duration { return x.Wall }),
		CPU:  median(s.Samples, func(x Sample) time.Duration { return x.CPU }),
		Peak: median(s.Samples, func(x Sample) int64 { return x.Peak }),
	}
}

// Peak returns the highest peak of resident memory, in bytes.
func (s Series) Peak() (peak int64) {
	for _, x := range s.Samples {
		peak = max(peak, x.Peak)
	}
	return peak
}

// WallRatio returns how long s took relative to another series of the same
// turns: the median of the turns' ratios.
func (s Series) WallRatio(to Series) float64 {
	ratios := make([]float64, len(s.Samples))
	for i, x := range s.Samples {
		ratios[i] = float64(x.Wall) / float64(to.Samples[i].Wall)
	}
	return median(ratios, func(x float64) float64 { return x })
}

// median returns the middle value, the lower of two.
func median[T any, V int64 | float64 | time.Duration](of []T, value func(T) V) V {
	values := make([]V, len(of))
	for i, x := range of {
		values[i] = value(x)
	}
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	return values[(len(values)-1)/2]
}

// Need returns an error with the command that installs what is missing unless
// all of the programs are there. Packages are Debian's, by program.
func Need(packages map[string]string) error {
	missing := map[string]bool{}
	var programs []string
	for program, pkg := range packages {
		if _, err := exec.LookPath(program); err != nil {
			programs = append(programs, program)
			missing[pkg] = true
		}
	}
	if len(programs) == 0 {
		return nil
	}
	names := make([]string, 0, len(missing))
	for pkg := range missing {
		names = append(names, pkg)
	}
	slices.Sort(programs)
	slices.Sort(names)
	return fmt.Errorf("find %s: not on the PATH: install with 'apt-get install %s'", strings.Join(programs, ", "), strings.Join(names, " "))
}
