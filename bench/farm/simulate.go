// SPDX-License-Identifier: Apache-2.0

package main

import (
	"container/heap"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/rules-kheaders/rules_kheaders/internal/execlog"
)

const day = 24 * 60 * 60 // seconds

// ofTheKernel are the actions whose seconds and bytes grow with the kernel. What
// the archive holds does so far less: it is headers.
var ofTheKernel = map[string]bool{"KernelBuild": true, "KheadersStamp": true, "KernelImage": true, "KheadersBootImage": true}

// needed are the actions that each configuration has. A change of what the archive
// holds runs all but the first.
var needed = []string{"KernelBuild", "KheadersPack", "KheadersStamp", "KernelImage"}

// notCounted are the actions whose inputs are the same for all configurations, which
// one of them runs, and those that check or use an archive, for which none waits.
var notCounted = []string{
	"KheadersPlaceholder", "KbuildRequiredPrograms",
	"BpfObject", "KernelModule", "KernelModuleInstall", "KheadersExtract", "KheadersUnpack", "KheadersVerify",
}

// A chain is what one configuration takes: seconds of a machine, and bytes.
type chain struct {
	full, edit       float64 // seconds
	fullOut, editOut float64 // bytes of outputs
	fullIn, editIn   float64 // bytes of inputs
}

// newChain takes the mean of the kernels that the costs are of.
func newChain(costs []execlog.Cost, factor float64) (chain, error) {
	var c chain
	kernels := 0.0
	for _, m := range needed {
		i := slices.IndexFunc(costs, func(x execlog.Cost) bool { return x.Mnemonic == m && x.Actions > x.Hits && x.Seconds > 0 })
		if i < 0 {
			return c, fmt.Errorf("the measured costs have no %s that ran: expected those of at least one kernel with its archive, stamp and image, built and not fetched from a cache", m)
		}
		if m == "KernelBuild" {
			kernels = float64(costs[i].Actions)
		}
	}
	for _, x := range costs {
		if slices.Contains(notCounted, x.Mnemonic) {
			continue
		}
		if x.Actions <= x.Hits {
			return c, fmt.Errorf("the measured costs have %d %s and none that ran: expected at least one, built and not fetched from a cache", x.Actions, x.Mnemonic)
		}
		times := 1.0
		if ofTheKernel[x.Mnemonic] {
			times = factor
		}
		// The seconds are of those that ran, the bytes of all.
		seconds := times * x.Seconds * float64(x.Actions) / float64(x.Actions-x.Hits) / kernels
		in, out := times*float64(x.InputBytes)/kernels, times*float64(x.OutputBytes)/kernels
		c.full += seconds
		c.fullIn += in
		c.fullOut += out
		if x.Mnemonic != "KernelBuild" {
			c.edit += seconds
			c.editIn += in
			c.editOut += out
		}
	}
	return c, nil
}

// A result is what a day came to.
type result struct {
	chain
	machines             int
	fulls, edits, repeat int
	busy                 float64 // seconds of machines
	waits                []float64
	written              float64 // bytes, as all that follow
	read                 float64 // inputs of what ran
	fetched              float64 // outputs, by who asked for them
	kept                 float64
}

// simulate lets commits come at random times of the day. A configuration takes one
// machine, from start to end; one that waits longest goes first.
func simulate(p plan, c chain) result {
	random := rand.New(rand.NewPCG(p.Seed, 0))
	times := make([]float64, p.Commits)
	for i := range times {
		times[i] = random.Float64() * day
	}
	slices.Sort(times)
	r := result{chain: c, machines: p.Machines}
	type job struct{ at, seconds float64 }
	var jobs []job
	for i := range p.Configurations {
		at := times[i*p.Commits/p.Configurations]
		switch kind := random.Float64(); {
		case kind < p.Repeats:
			r.repeat++
		case kind < p.Repeats+p.Edits:
			r.edits++
			jobs = append(jobs, job{at, c.edit})
		default:
			r.fulls++
			jobs = append(jobs, job{at, c.full})
		}
	}
	for _, j := range jobs {
		r.busy += j.seconds
	}
	r.written = float64(r.fulls)*c.fullOut + float64(r.edits)*c.editOut
	r.read = float64(r.fulls)*c.fullIn + float64(r.edits)*c.editIn
	r.fetched = float64(p.Configurations) * c.fullOut
	r.kept = r.written * float64(p.Days)
	if r.machines == 0 {
		r.machines = max(1, int(math.Ceil(r.busy/day/0.7)))
	}
	free := make(floats, r.machines)
	for _, j := range jobs {
		end := max(free[0], j.at) + j.seconds
		free[0] = end
		heap.Fix(&free, 0)
		r.waits = append(r.waits, end-j.at)
	}
	slices.Sort(r.waits)
	return r
}

// floats is a heap of the times at which machines are free.
type floats []float64

func (f floats) Len() int           { return len(f) }
func (f floats) Less(i, j int) bool { return f[i] < f[j] }
func (f floats) Swap(i, j int)      { f[i], f[j] = f[j], f[i] }
func (f *floats) Push(any)          { panic("the number of machines is fixed") }
func (f *floats) Pop() any          { panic("the number of machines is fixed") }

// after is how long it takes until a share of what is built is there.
func (r result) after(share float64) float64 {
	if len(r.waits) == 0 {
		return 0
	}
	return r.waits[int(share*float64(len(r.waits)-1))]
}

func (r result) print(w io.Writer, p plan) error {
	_, err := fmt.Fprintf(w, `| | |
|---|--:|
| configurations asked for | %d |
| built in full, archive alone, from the cache | %d, %d, %d |
| machine seconds of a full one, and of the archive alone | %.1f, %.1f |
| of a full one, the archive's part (all but the kernel's build) | %.1f %% |
| machines, busy %.0f %% of the day | %d |
| minutes until half, and 95 %%, are there after their commit | %.1f, %.1f |
| written to the store in a day, GB | %.0f |
| read by the actions that run, if no worker keeps an input, GB | %.0f |
| read by who asks, if each configuration is fetched whole and once, GB | %.0f |
| kept after %d days, GB | %.0f |
`,
		p.Configurations, r.fulls, r.edits, r.repeat, r.full, r.edit, 100*r.edit/r.full,
		100*r.busy/day/float64(r.machines), r.machines, r.after(0.5)/60, r.after(0.95)/60,
		r.written/1e9, r.read/1e9, r.fetched/1e9, p.Days, r.kept/1e9)
	return err
}
