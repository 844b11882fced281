// SPDX-License-Identifier: Apache-2.0

// Attacks runs the code that reads and writes archives and carriers against damaged
// and hostile input, signals, full disks and other processes, for a bounded time.
//
//	go run ./tests/attacks -duration 2m
//
// It prints what it tried, and fails on a panic, a wrong accept, an escape or a partial
// output.
package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"time"

	"github.com/rules-kheaders/rules_kheaders/internal/cli"
)

// asWorker in the environment makes the program the one that is attacked.
const asWorker = "RULES_KHEADERS_ATTACKED"

func main() {
	if os.Getenv(asWorker) != "" {
		os.Exit(worker.Main(os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(cli.Command{
		Name:    "attacks",
		Usage:   "[-duration D] [-seed N] [-only TEXT]",
		Summary: "Attack the readers and writers of archives and carriers, and count.",
		Run:     run,
	}.Main(os.Args[1:], os.Stdout, os.Stderr))
}

func run(args []string, stdout, _ io.Writer) error {
	fs := cli.NewFlags()
	duration := fs.Duration("duration", 2*time.Minute, "stop after `D`")
	seed := fs.Uint64("seed", 1, "make the same input again with the same `N`")
	only := fs.String("only", "", "run the campaigns whose names have this `TEXT` in them")
	if err := cli.ParseAll(fs, args); err != nil {
		return err
	}
	return attack(stdout, *duration, *seed, *only)
}

// A campaign is a kind of attack; try makes one.
type campaign struct {
	name  string
	share int // of the time, in percent
	try   func(a *attacker) error
}

var campaigns = []campaign{
	{"mutations of archives and carriers", 35, mutate},
	{"hostile archives", 15, hostileArchive},
	{"signals", 20, interrupt},
	{"full disks", 15, fillDisk},
	{"races for a directory or a file", 15, race},
}

// An attacker makes attacks of one campaign.
type attacker struct {
	random *rand.Rand
	dir    string // to work in
	base   *base
	takes  time.Duration // how long a worker takes that is left alone
	tally
}

// A tally counts the outcomes of attacks.
type tally struct {
	tried, refused, accepted int
	// What must not be, by kind.
	broken map[string]int
	first  string // the first of them
}

// The kinds of what must not be.
const (
	panicked = "panic"
	accepted = "wrong accept"
	escaped  = "escape"
	partial  = "partial output"
)

func (t *tally) violation(kind, format string, args ...any) {
	t.broken[kind]++
	if t.first == "" {
		t.first = kind + ": " + fmt.Sprintf(format, args...)
	}
}

// attack runs all campaigns and prints a line for each.
func attack(w io.Writer, duration time.Duration, seed uint64, only string) (err error) {
	dir, err := os.MkdirTemp("", "rules_kheaders-attacks-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b, err := newBase(dir)
	if err != nil {
		return fmt.Errorf("make what is attacked: %w", err)
	}
	var bad []string
	kinds := []string{panicked, accepted, escaped, partial}
	fmt.Fprintf(w, "%-36s %8s %8s %8s  %s\n", "campaign", "tried", "refused", "accepted", strings.Join(kinds, ", "))
	for i, c := range campaigns {
		if !strings.Contains(c.name, only) {
			continue
		}
		a := &attacker{random: rand.New(rand.NewPCG(seed, uint64(i))), base: b, tally: tally{broken: map[string]int{}}}
		if a.dir, err = os.MkdirTemp(dir, "campaign-"); err != nil {
			return err
		}
		for end := time.Now().Add(duration * time.Duration(c.share) / 100); time.Now().Before(end) || a.tried == 0; {
			a.tried++
			if err := c.try(a); err != nil {
				return fmt.Errorf("%s: attack %d: %w", c.name, a.tried, err)
			}
		}
		counts := make([]string, len(kinds))
		for i, k := range kinds {
			counts[i] = fmt.Sprint(a.broken[k])
		}
		fmt.Fprintf(w, "%-36s %8d %8d %8d  %s\n", c.name, a.tried, a.refused, a.accepted, strings.Join(counts, ", "))
		if a.first != "" {
			bad = append(bad, c.name+": "+a.first)
		}
	}
	if len(bad) > 0 {
		return fmt.Errorf("%s; run again with -seed %d", strings.Join(bad, "; "), seed)
	}
	return nil
}
