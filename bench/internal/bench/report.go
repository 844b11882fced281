// SPDX-License-Identifier: Apache-2.0

//go:build linux

package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"
)

// Figure is a number that the benchmark is for.
type Figure struct {
	Name  string // as in JSON, such as stamp_vs_cp_wall_ratio
	Value float64
	Most  float64 // the project's own target, 0 for none
}

// Report is the outcome of a benchmark.
type Report struct {
	Subject string // what was measured, a line
	Tables  []Table
	Figures []Figure
	Notes   []string // what could not be measured, and why
}

// Table is commands that were measured in the same turns.
type Table struct {
	Name   string
	Series []Series // ratios are to the first
}

const mib = 1 << 20

// Text writes the report for people.
func (r *Report) Text(w io.Writer) error {
	fmt.Fprintf(w, "%s\n", r.Subject)
	for _, table := range r.Tables {
		fmt.Fprintf(w, "\n%s: medians of %d turns\n", table.Name, len(table.Series[0].Samples))
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
		fmt.Fprintf(t, "\twall s\tCPU s\tpeak MiB\twall ratio of %s to it\t\n", table.Series[0].Name)
		for _, s := range table.Series {
			m := s.Median()
			fmt.Fprintf(t, "%s\t%.3f\t%.3f\t%.1f\t%.3f\t\n", s.Name, m.Wall.Seconds(), m.CPU.Seconds(), float64(s.Peak())/mib, table.Series[0].WallRatio(s))
		}
		if err := t.Flush(); err != nil {
			return err
		}
	}
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, f := range r.Figures {
		fmt.Fprintf(t, "%s\t%.3f\t%s\n", f.Name, f.Value, f.verdict())
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, n := range r.Notes {
		if _, err := fmt.Fprintln(w, n); err != nil {
			return err
		}
	}
	return nil
}

func (f Figure) verdict() string {
	switch {
	case f.Most == 0:
		return ""
	case f.misses():
		return fmt.Sprintf("(MISSES the target of at most %g)", f.Most)
	}
	return fmt.Sprintf("(target: at most %g)", f.Most)
}

// misses is true for a figure that is no number, too.
func (f Figure) misses() bool { return f.Most != 0 && !(f.Value <= f.Most) }

// Missed returns an error that names the figures which miss their targets, or
// nil.
func (r *Report) Missed() error {
	var missed []string
	for _, f := range r.Figures {
		if f.misses() {
			missed = append(missed, fmt.Sprintf("%s is %.3f, expected at most %g", f.Name, f.Value, f.Most))
		}
	}
	if len(missed) == 0 {
		return nil
	}
	return fmt.Errorf("missed targets: %s", strings.Join(missed, ", "))
}

// JSON writes one object: the figures by their names, "commands" with the
// medians by table and command, "notes".
func (r *Report) JSON(w io.Writer) error {
	type row struct {
		Wall float64 `json:"wall_s"`
		CPU  float64 `json:"cpu_s"`
		Peak float64 `json:"peak_mib"`
	}
	tables := map[string]map[string]row{}
	for _, table := range r.Tables {
		rows := map[string]row{}
		for _, s := range table.Series {
			m := s.Median()
			rows[s.Name] = row{round(m.Wall.Seconds()), round(m.CPU.Seconds()), round(float64(s.Peak()) / mib)}
		}
		tables[table.Name] = rows
	}
	all := map[string]any{"subject": r.Subject, "commands": tables, "notes": append([]string{}, r.Notes...)}
	for _, f := range r.Figures {
		all[f.Name] = round(f.Value)
	}
	p, err := json.MarshalIndent(all, "", "  ")
	if err == nil {
		_, err = w.Write(append(p, '\n'))
	}
	return err
}

func round(x float64) float64 { return math.Round(x*1e4) / 1e4 }
