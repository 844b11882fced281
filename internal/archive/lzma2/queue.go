// SPDX-License-Identifier: Apache-2.0

package lzma2

import (
	"runtime"
	"sync"
)

// worker is what one goroutine works with.
type worker struct {
	number  int
	refiner refiner
	optimal optimal
	lazy    lazy
	coder   coder
	out     []byte
}

// queue has tasks for workers, which do them in order.
type queue struct {
	workers int
	tasks   chan func(*worker)
	tracer  tracer
}

// tracer is told of a step of n tasks, and returns what calls them; nil for none.
type tracer func(window int, name string, n int) func(i int, do func())

// deep is how many tasks can wait without one who waits for them to be taken.
const deep = 1 << 10

func newQueue(workers int, t tracer) *queue {
	q := &queue{workers, make(chan func(*worker), deep), t}
	for i := range workers {
		go func() {
			if t != nil {
				runtime.LockOSThread() // whose clock is read
			}
			w := &worker{number: i}
			for task := range q.tasks {
				task(w)
			}
		}()
	}
	return q
}

// each has do called for 0 to n-1, in a step of a window, and returns when all
// calls have. Windows count from 1.
func (q *queue) each(window int, name string, n int, do func(*worker, int)) {
	var done sync.WaitGroup
	done.Add(n)
	call := func(_ int, do func()) { do() }
	if q.tracer != nil {
		call = q.tracer(window, name, n)
	}
	for i := range n {
		q.tasks <- func(w *worker) {
			defer done.Done()
			call(i, func() { do(w, i) })
		}
	}
	done.Wait()
}

// close ends the workers when they have nothing to do.
func (q *queue) close() { close(q.tasks) }
