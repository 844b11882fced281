// SPDX-License-Identifier: Apache-2.0

//go:build linux

package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The test binary is its own launcher, as a benchmark is.
func TestMain(m *testing.M) {
	if os.Args[0] == launcherName {
		os.Exit(Main("", nil))
	}
	os.Exit(m.Run())
}

func shell(name, script string) Command {
	return Command{Name: name, Args: []string{"sh", "-c", script}}
}

func TestTurns(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	a, b := shell("a", "echo a >> "+log), shell("b", "sleep 0.05; echo b >> "+log)
	checked := ""
	series, err := Turns(context.Background(), 2, func(c Command) error { checked += c.Name; return nil }, a, b)
	if err != nil {
		t.Fatal(err)
	}
	order, err := os.ReadFile(log)
	if got := strings.ReplaceAll(string(order), "\n", ""); got != "abbaab" || checked != "ab" || err != nil {
		t.Errorf("order = %q, checked %q, %v; want abbaab and ab", got, checked, err)
	}
	if len(series) != 2 || series[0].Name != "a" || len(series[0].Samples) != 2 || len(series[1].Samples) != 2 {
		t.Fatalf("series = %+v", series)
	}
	if s := series[1].Median(); s.Wall < 50*time.Millisecond || s.Peak < 1<<18 || s.CPU <= 0 || s.CPU > s.Wall {
		t.Errorf("b: got %+v, want 50 ms or more and some memory", s)
	}
	if r := series[0].WallRatio(series[1]); r <= 0 || r >= 1 {
		t.Errorf("WallRatio = %v, want between 0 and 1", r)
	}
}

// What a program takes is its own, however large the benchmark is.
func TestPeakIsTheProgramsOwn(t *testing.T) {
	large := make([]byte, 64<<20)
	for i := range large {
		large[i] = 1
	}
	s, err := Once(context.Background(), Command{Name: "true", Args: []string{"true"}})
	if err != nil || s.Peak > 16<<20 {
		t.Errorf("got %+v, %v, want at most 16 MiB", s, err)
	}
	if len(bytes.Trim(large, "\x01")) > 0 {
		t.Error("the memory was not used")
	}
}

func TestScript(t *testing.T) {
	dir := filepath.Join(t.TempDir(), `a user's "$files"`)
	if _, err := Once(context.Background(), Script("s", "", Quote("mkdir", dir), "cd "+Quote(dir), "test -d .")); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		t.Errorf("got %v", err)
	}
	if _, err := Once(context.Background(), Script("s", "", "false", "true")); err == nil {
		t.Error("a line that fails does not end the script")
	}
}

func TestOnceRemovesOutput(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	for range 2 {
		if _, err := Once(context.Background(), Command{"new", []string{"sh", "-c", "set -C; : > " + out}, out}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestErrors(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	_, err := Once(ctx, shell("fails", "echo no such file >&2; exit 3"))
	if err == nil || !strings.HasPrefix(err.Error(), "run fails: ") || !strings.Contains(err.Error(), "no such file") || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("got %v", err)
	}
	if _, err := Once(ctx, Command{Name: "none", Args: []string{"/no/such/program"}}); err == nil || !strings.Contains(err.Error(), "no such file or directory") {
		t.Errorf("missing program: got %v", err)
	}
	bad := errors.New("bad output")
	if _, err := Turns(ctx, 1, func(Command) error { return bad }, shell("a", ":")); err != bad {
		t.Errorf("check: got %v, want %v", err, bad)
	}
	cancel()
	if _, err := Once(ctx, shell("late", ":")); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}
}

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		args string
		runs int
		help bool
		want string // of the error
	}{
		{"", 5, false, ""},
		{"--runs 3", 3, false, ""},
		{"-h", 5, true, ""},
		{"--rnus 3", 5, false, "flag provided but not defined: -rnus"},
		{"--runs 3 x", 3, false, `unexpected argument "x": expected only flags`},
	} {
		b := New("it", "about it", 5, "", "")
		var out strings.Builder
		help, err := b.Parse(strings.Fields(tt.args), &out)
		if *b.Runs != tt.runs || help != tt.help || (err != nil) != (tt.want != "") || err != nil && err.Error() != tt.want {
			t.Errorf("%q: got %d, help %v, %v; want %+v", tt.args, *b.Runs, help, err, tt)
		}
		if got := out.String(); tt.help != (strings.HasPrefix(got, "about it\n") && strings.Contains(got, "-runs N")) {
			t.Errorf("%q: printed %q", tt.args, got)
		}
	}
}

func TestMeasure(t *testing.T) {
	dir := t.TempDir()
	given := filepath.Join(dir, "given")
	if err := os.WriteFile(given, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	for _, tt := range []struct {
		args, out, want string
	}{
		{"-file given -dir .", "a subject\n\n", ""},
		{"-file given -dir . -json", "{\n", ""},
		{"-dir . -runs 0", "", "runs are 0: expected at least one"},
		{"-dir .", "", "-file FILE is required: start this by 'tools/bazel run //bench:it'"},
		{"-file none -dir .", "", "stat none: no such file or directory"},
	} {
		b := New("it", "about it", 5, "", "")
		file := b.File("file", "what is given")
		if _, err := b.Parse(strings.Fields(tt.args), nil); err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		err := b.Measure(context.Background(), nil, &out, func(_ context.Context, work string) (*Report, error) {
			if *file != given {
				t.Errorf("%q: file is %q, want %q", tt.args, *file, given)
			}
			// As in a tree that was unpacked.
			return &Report{Subject: "a subject"}, os.MkdirAll(filepath.Join(work, "tree"), 0o555)
		})
		if err == nil != (tt.want == "") || err != nil && err.Error() != tt.want || !strings.HasPrefix(out.String(), tt.out) {
			t.Errorf("%q: got %v and %q, want %q and %q", tt.args, err, out.String(), tt.want, tt.out)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
			t.Errorf("%q: left %v, %v; want what was there", tt.args, left, err)
		}
	}
}

// A target that was missed is no failure unless that is asked for, and never in
// place of the report.
func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		args  string
		value float64
		want  string
	}{
		{"", 2, ""},
		{"-check", 1.5, ""},
		{"-check", 2, "missed targets: a is 2.000, expected at most 1.5, c is 4.000, expected at most 3"},
		{"-check -json", 2, "missed targets: a is 2.000, expected at most 1.5, c is 4.000, expected at most 3"},
	} {
		b := New("it", "about it", 5, "", "")
		if _, err := b.Parse(strings.Fields("-dir "+t.TempDir()+" "+tt.args), nil); err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		err := b.Measure(context.Background(), nil, &out, func(context.Context, string) (*Report, error) {
			figures := []Figure{{"a", tt.value, 1.5}, {"b", 9, 0}}
			if tt.want != "" {
				figures = append(figures, Figure{"c", 4, 3})
			}
			return &Report{Subject: "a subject", Figures: figures}, nil
		})
		if err == nil != (tt.want == "") || err != nil && err.Error() != tt.want || !strings.Contains(out.String(), "a subject") {
			t.Errorf("%q: got %v and %q, want %q and the report", tt.args, err, out.String(), tt.want)
		}
	}
	if f := (Figure{"no number", math.NaN(), 1}); !f.misses() {
		t.Error("what is no number meets its target")
	}
}

func TestNeed(t *testing.T) {
	if err := Need(map[string]string{"sh": "dash"}); err != nil {
		t.Error(err)
	}
	err := Need(map[string]string{"sh": "dash", "no-such-b": "pkg-y", "no-such-a": "pkg-x", "no-such-c": "pkg-x"})
	want := "find no-such-a, no-such-b, no-such-c: not on the PATH: install with 'apt-get install pkg-x pkg-y'"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %q", err, want)
	}
}

func TestReport(t *testing.T) {
	series := func(name string, ms ...int) Series {
		s := Series{Name: name}
		for _, n := range ms {
			s.Samples = append(s.Samples, Sample{time.Duration(n) * time.Millisecond, time.Millisecond, int64(n) << 20})
		}
		return s
	}
	a, b := series("a", 10, 30, 20), series("b", 40, 60, 200)
	if got := a.WallRatio(b); got != 0.25 {
		t.Errorf("WallRatio = %v, want the middle one of 0.25, 0.5, 0.1", got)
	}
	r := Report{
		Subject: "subject",
		Tables:  []Table{{"disk", []Series{a, b}}},
		Figures: []Figure{{"a_vs_b", a.WallRatio(b), 0.3}, {"missed", 2, 1.5}, {"free", 7, 0}},
		Notes:   []string{"a note"},
	}
	var text, out strings.Builder
	if err := r.Text(&text); err != nil {
		t.Fatal(err)
	}
	want := `subject

disk: medians of 3 turns
     wall s  CPU s  peak MiB  wall ratio of a to it
  a   0.020  0.001      30.0                  1.000
  b   0.060  0.001     200.0                  0.250

a_vs_b  0.250  (target: at most 0.3)
missed  2.000  (MISSES the target of at most 1.5)
free    7.000  
a note
`
	if text.String() != want {
		t.Errorf("got\n%swant\n%s", text.String(), want)
	}
	if err := r.JSON(&out); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Ratio    float64 `json:"a_vs_b"`
		Notes    []string
		Commands map[string]map[string]map[string]float64
	}
	if err := json.Unmarshal([]byte(out.String()), &got); err != nil {
		t.Fatal(err)
	}
	if got.Ratio != 0.25 || len(got.Notes) != 1 || got.Commands["disk"]["b"]["peak_mib"] != 200 || got.Commands["disk"]["a"]["wall_s"] != 0.02 {
		t.Errorf("got %s", out.String())
	}
}
