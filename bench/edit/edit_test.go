// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rules-kheaders/rules_kheaders/bench/internal/bench"
)

// The test binary is its own launcher, as a benchmark is.
func TestMain(m *testing.M) {
	if os.Args[0] == "bench-launcher" {
		main()
	}
	os.Exit(m.Run())
}

func TestScript(t *testing.T) {
	side := filepath.Join(t.TempDir(), "a side's")
	out := filepath.Join(side, "out")
	c := script("s", out, side, []string{"cp", os.Args[0], out}, []string{"test", "-s", out})
	for range 2 { // in a directory that is there, too
		if _, err := bench.Once(context.Background(), c); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := bench.Once(context.Background(), script("s", "", side, []string{"false"}, []string{"true"})); err == nil {
		t.Error("a command that fails does not end the script")
	}
}

func TestWithout(t *testing.T) {
	series := func(ms ...int) (s bench.Series) {
		for _, n := range ms {
			s.Samples = append(s.Samples, bench.Sample{Wall: time.Duration(n) * time.Millisecond})
		}
		return s
	}
	a, b := series(100, 50), series(40, 60)
	got := without(a, b)
	if got.Samples[0].Wall != 60*time.Millisecond || got.Samples[1].Wall != time.Nanosecond || a.Samples[0].Wall != 100*time.Millisecond {
		t.Errorf("got %+v, and %+v was changed", got, a)
	}
}

func TestMissingInput(t *testing.T) {
	if err := run(context.Background(), nil, nil); err == nil || !strings.Contains(err.Error(), "FILE is required") {
		t.Errorf("got %v", err)
	}
}
