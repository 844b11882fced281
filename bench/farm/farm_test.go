// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"flag"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/internal/execlog"
)

var costs = []execlog.Cost{
	{Mnemonic: "KernelBuild", Actions: 1, Seconds: 100, InputBytes: 1000, OutputBytes: 500},
	{Mnemonic: "KernelImage", Actions: 1, Seconds: 5, InputBytes: 100, OutputBytes: 50},
	{Mnemonic: "KheadersPack", Actions: 1, Seconds: 4, InputBytes: 80, OutputBytes: 10},
	{Mnemonic: "KheadersPlaceholder", Actions: 1, Seconds: 1, OutputBytes: 8},
	{Mnemonic: "KheadersStamp", Actions: 1, Seconds: 1, InputBytes: 100, OutputBytes: 90},
}

func TestSimulate(t *testing.T) {
	c, err := newChain(costs, 1)
	if err != nil || c.full != 110 || c.edit != 10 || c.fullOut != 650 || c.fullIn != 1280 || c.editIn != 280 {
		t.Fatalf("got %+v, %v; want 110 and 10 seconds, 650 bytes out, 1280 and 280 bytes in", c, err)
	}
	p := plan{Configurations: 1000, Commits: 10, Edits: 0.25, Repeats: 0.25, Factor: 1, Days: 2, Seed: 1}
	r := simulate(p, c)
	if r.fulls+r.edits+r.repeat != 1000 || r.edits < 200 || r.edits > 300 || r.repeat < 200 || r.repeat > 300 {
		t.Errorf("%d full, %d edits, %d repeats: want about 500, 250, 250", r.fulls, r.edits, r.repeat)
	}
	if want := float64(r.fulls)*110 + float64(r.edits)*10; r.busy != want || r.kept != 2*r.written {
		t.Errorf("busy %g, kept %g of %g; want busy %g", r.busy, r.kept, r.written, want)
	}
	wantRead, wantWritten := float64(r.fulls)*1280+float64(r.edits)*280, float64(r.fulls)*650+float64(r.edits)*150
	if r.read != wantRead || r.written != wantWritten || r.fetched != 1000*650 {
		t.Errorf("read %g, written %g, fetched %g; want %g, %g, 650000", r.read, r.written, r.fetched, wantRead, wantWritten)
	}
	if busy := r.busy / day / float64(r.machines); busy > 0.7 || busy < 0.1 {
		t.Errorf("%d machines are busy %g of the day", r.machines, busy)
	}
	if r.after(0.5) < 10 || r.after(0.95) < r.after(0.5) {
		t.Errorf("half after %g s, 95 %% after %g s", r.after(0.5), r.after(0.95))
	}
	p.Machines = 2 * r.machines
	if s := simulate(p, c); s.busy != r.busy || s.after(0.95) >= r.after(0.95) {
		t.Errorf("twice the machines: 95 %% after %g s, with %d after %g s", s.after(0.95), r.machines, r.after(0.95))
	}
}

// One machine and one commit: each waits for those before it.
func TestQueue(t *testing.T) {
	c, err := newChain(costs, 1)
	if err != nil {
		t.Fatal(err)
	}
	r := simulate(plan{Configurations: 3, Commits: 1, Machines: 1, Factor: 1, Days: 1}, c)
	for i, want := range []float64{110, 220, 330} {
		if math.Abs(r.waits[i]-want) > 1e-6 { // times are of a day, in floating point
			t.Errorf("waits %v, want 110, 220, 330", r.waits)
		}
	}
}

func TestFactor(t *testing.T) {
	c, err := newChain(costs, 10)
	if err != nil || c.full != 1064 || c.fullOut != 6410 {
		t.Errorf("got %g s, %g bytes, %v; want 1064 and 6410: pack does not grow", c.full, c.fullOut, err)
	}
}

// A log of ten kernels is ten times one of them, and says the same of a farm.
func TestKernels(t *testing.T) {
	var ten []execlog.Cost
	for _, c := range costs {
		c.Actions *= 10
		c.Seconds *= 10
		c.InputBytes *= 10
		c.OutputBytes *= 10
		ten = append(ten, c)
	}
	want, err := newChain(costs, 1)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := newChain(ten, 1); err != nil || got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	// The seconds of those that were fetched are not in a log.
	ten[0].Hits, ten[0].Seconds = 8, 200
	if got, err := newChain(ten, 1); err != nil || got != want {
		t.Errorf("with 8 of 10 from a cache got %+v, %v; want %+v", got, err, want)
	}
	// What uses an archive is no part of a configuration; what carries one is, as often as it is there.
	more := append(costs[:len(costs):len(costs)],
		execlog.Cost{Mnemonic: "KernelModule", Actions: 3, Seconds: 30, InputBytes: 3, OutputBytes: 3},
		execlog.Cost{Mnemonic: "KheadersInitramfs", Actions: 2, Seconds: 6, OutputBytes: 20})
	if got, err := newChain(more, 1); err != nil || got.full != 116 || got.edit != 16 || got.fullOut != 670 || got.fullIn != 1280 {
		t.Errorf("got %+v, %v; want 116 and 16 seconds, 670 bytes out, 1280 in", got, err)
	}
}

func TestMeasured(t *testing.T) {
	file := filepath.Join(t.TempDir(), "costs.json")
	write := func(v any) {
		text, err := json.Marshal(v)
		if err == nil {
			err = os.WriteFile(file, text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	write(costs)
	var out strings.Builder
	if err := run([]string{"-measured", file}, &out); err != nil || !strings.Contains(out.String(), "| 110.0, 10.0 |") {
		t.Errorf("got %v, printed\n%swant a full one of 110.0 seconds", err, &out)
	}
	fetched := append([]execlog.Cost{{Mnemonic: "KheadersBootImage", Actions: 2, Hits: 2}}, costs...)
	for _, tt := range []struct {
		given any
		want  string
	}{
		{costs[1:], "no KernelBuild that ran: expected"},
		{costs[:2], "no KheadersPack that ran: expected"},
		{[]execlog.Cost{{Mnemonic: "KernelBuild", Actions: 2, Hits: 2, Seconds: 1}}, "no KernelBuild that ran: expected"},
		{fetched, "2 KheadersBootImage and none that ran"},
		{costs[0], "costs.json: expected what 'actioncost --json' printed"},
	} {
		write(tt.given)
		var out strings.Builder
		if err := run([]string{"-measured", file}, &out); err == nil || !strings.Contains(err.Error(), tt.want) || out.Len() > 0 {
			t.Errorf("%v: got %v, printed %q; want %q", tt.given, err, &out, tt.want)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, args := range []string{"-commits 0", "-edits 0.7 -repeats 0.7", "-factor 0", "extra-flag", "-days x"} {
		var out strings.Builder
		if err := run(strings.Fields(args), &out); err == nil || out.Len() > 0 {
			t.Errorf("%s: got %v, printed %q", args, err, &out)
		}
	}
}

var update = flag.Bool("update", false, "write the tables of docs/scale.md as they should be")

// The tables of the document are what is measured, and what the program makes of it.
func TestDocs(t *testing.T) {
	var all []execlog.Cost
	if err := json.Unmarshal(measured, &all); err != nil {
		t.Fatal(err)
	}
	var costs, farm strings.Builder
	if err := execlog.Markdown(&costs, all); err != nil {
		t.Fatal(err)
	}
	if err := run(nil, &farm); err != nil {
		t.Fatal(err)
	}
	const file = "../../docs/scale.md"
	for _, want := range []string{costs.String(), farm.String()} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		// A table is found by its first line, and ends where a line is none of it.
		header, _, _ := strings.Cut(want, "\n")
		start := strings.Index(string(text), header+"\n")
		if start < 0 {
			t.Errorf("%s has no table that starts with %q", file, header)
			continue
		}
		end := start
		for line := range strings.Lines(string(text[start:])) {
			if !strings.HasPrefix(line, "|") {
				break
			}
			end += len(line)
		}
		got := string(text[start:end])
		if got == want {
			continue
		}
		if !*update {
			t.Errorf("%s has\n%swant, as 'go test ./bench/farm -update' writes it,\n%s", file, got, want)
			continue
		}
		if err := os.WriteFile(file, []byte(string(text[:start])+want+string(text[end:])), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
