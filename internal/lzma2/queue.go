// SPDX-License-Identifier: Apache-2.0

package lzma2

import "sync"

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
}

// deep is how many tasks can wait without one who waits for them to be taken.
const deep = 1 << 10

func newQueue(workers int) *queue {
	q := &queue{workers, make(chan func(*worker), deep)}
	for i := range workers {
		go func() {
			w := &worker{number: i}
			for task := range q.tasks {
				task(w)
			}
		}()
	}
	return q
}

// each has do called for 0 to n-1. The group is done when all calls are.
func (q *queue) each(n int, do func(*worker, int)) *sync.WaitGroup {
	var done sync.WaitGroup
	done.Add(n)
	for i := range n {
		q.tasks <- func(w *worker) {
			defer done.Done()
			do(w, i)
		}
	}
	return &done
}

// close ends the workers when they have nothing to do.
func (q *queue) close() { close(q.tasks) }
