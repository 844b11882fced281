// SPDX-License-Identifier: Apache-2.0

package lzma2

import (
	"math"
	"slices"
	"sync"
	"time"
)

// Clock says how long the thread of its caller has been at work.
type Clock func() time.Duration

// Trace is what the tasks of a call of Encode took.
type Trace struct {
	plan    plan
	mutex   sync.Mutex
	windows [][]Step // the first is what comes before all others
}

// Step is tasks that are done side by side; those of the next step of a window
// wait for all of them.
type Step struct {
	Name  string
	Tasks []time.Duration
}

// Trace compresses a part by one worker, in the steps in which Encode does it by
// some, and returns what each task took.
func (p Preset) Trace(part Part, workers int, clock Clock) *Trace {
	t := &Trace{plan: p.plan(workers)}
	q := newQueue(1, func(window int, name string, n int) func(int, func()) {
		took := t.add(window, name, n)
		return func(i int, do func()) {
			begin := clock()
			do()
			took[i] = clock() - begin
		}
	})
	defer q.close()
	newEncoder(part, p, t.plan, q).run()
	return t
}

// add begins a step, and returns where its tasks' times belong.
func (t *Trace) add(window int, name string, n int) []time.Duration {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	for len(t.windows) <= window {
		t.windows = append(t.windows, nil)
	}
	took := make([]time.Duration, n)
	t.windows[window] = append(t.windows[window], Step{name, took})
	return took
}

// Work returns what all tasks took together, and what they took by step.
func (t *Trace) Work() (sum time.Duration, steps map[string]time.Duration) {
	steps = make(map[string]time.Duration)
	for _, s := range slices.Concat(t.windows...) {
		for _, took := range s.Tasks {
			sum += took
			steps[s.Name] += took
		}
	}
	return sum, steps
}

// never is when memory is free of which it is not known yet.
const never = time.Duration(math.MaxInt64)

// Path returns when the last task is done if some workers take the tasks in the
// order in which they come into the queue, as those of Encode do: the critical
// path. It is computed: each worker has a core for itself, and none slows another
// down, as they do where memory and its caches are shared.
func (t *Trace) Path(workers int) (end time.Duration) {
	free := make([]time.Duration, workers)
	submit := func(at time.Duration, s Step) (done time.Duration) {
		for _, took := range s.Tasks {
			i := earliest(free)
			free[i] = max(free[i], at) + took
			done = max(done, free[i])
		}
		end = max(end, done)
		return done
	}
	slots, orders := make([]time.Duration, t.plan.slots), make([]time.Duration, t.plan.orders)
	type window struct{ step, slot, order int }
	var begun []window
	ready := []time.Duration{0}
	for _, s := range t.windows[0] {
		ready[0] = submit(ready[0], s)
	}
	begun, last := []window{{len(t.windows[0]), -1, -1}}, ready[0]
	for {
		// Find what comes into the queue first: the next window that can begin, or
		// the next step of one that has.
		first, at := -1, never
		if len(begun) < len(t.windows) {
			first, at = len(begun), max(last, slots[earliest(slots)])
		}
		for i, w := range begun {
			if w.step == len(t.windows[i]) {
				continue
			}
			when := ready[i]
			if t.windows[i][w.step].Name == ordering {
				when = max(when, orders[earliest(orders)])
			}
			if when < at {
				first, at = i, when
			}
		}
		switch {
		case first < 0:
			return end
		case first == len(begun):
			begun, ready, last = append(begun, window{slot: earliest(slots), order: -1}), append(ready, at), at
			slots[begun[first].slot] = never
			continue
		}
		w := &begun[first]
		s := t.windows[first][w.step]
		w.step++
		if s.Name == ordering {
			w.order = earliest(orders)
			orders[w.order] = never
		}
		ready[first] = submit(at, s)
		if s.Name == ordered {
			orders[w.order] = ready[first]
		}
		if w.step == len(t.windows[first]) {
			slots[w.slot] = ready[first]
		}
	}
}

// earliest returns where the least value is.
func earliest(times []time.Duration) (least int) {
	for i, t := range times {
		if t < times[least] {
			least = i
		}
	}
	return least
}
