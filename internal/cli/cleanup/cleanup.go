// SPDX-License-Identifier: Apache-2.0

// Package cleanup undoes, when a signal ends the program, what it must not leave
// behind: temporary files, scratch directories, processes.
package cleanup

import "sync"

var (
	// mu is held while something is made, so that nothing is made and not
	// known; Run keeps it for good, so that nothing is made any more.
	mu    sync.Mutex
	undos []*func()
)

// Make calls make, which makes something and returns what undoes that. It is
// undone by a signal until done is called. A caller that a signal has overtaken
// does not come back from Make or done.
//
// What undo does to something that is finished must be nothing: the signal may
// come before done.
func Make(make func() (undo func(), err error)) (done func(), err error) {
	mu.Lock()
	defer mu.Unlock()
	undo, err := make()
	if err != nil {
		return nil, err
	}
	entry := &undo
	undos = append(undos, entry)
	return func() { remove(entry) }, nil
}

func remove(entry *func()) {
	mu.Lock()
	defer mu.Unlock()
	for i, e := range undos {
		if e == entry {
			undos = append(undos[:i], undos[i+1:]...)
			return
		}
	}
}

// Run undoes all, the last first. The program must end after it: code that calls
// this package again waits forever.
func Run() {
	mu.Lock()
	for i := len(undos) - 1; i >= 0; i-- {
		(*undos[i])()
	}
}
