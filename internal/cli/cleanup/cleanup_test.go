// SPDX-License-Identifier: Apache-2.0

package cleanup

import (
	"errors"
	"testing"
	"time"
)

// All that is made and not done is undone, the last first, and nothing is made
// after that. It is one test, for Run is for a program's end.
func TestRun(t *testing.T) {
	var got string
	undo := func(name string) func() (func(), error) {
		return func() (func(), error) { return func() { got += name }, nil }
	}
	if _, err := Make(func() (func(), error) { return nil, errors.New("no") }); err == nil {
		t.Error("got no error, want make's")
	}
	var done []func()
	for _, name := range []string{"a", "b", "c"} {
		d, err := Make(undo(name))
		if err != nil {
			t.Fatal(err)
		}
		done = append(done, d)
	}
	done[1]()
	done[1]()
	Run()
	defer mu.Unlock() // for the next run of the test
	if got != "ca" {
		t.Errorf("undone: got %q, want %q", got, "ca")
	}
	made := make(chan bool)
	go func() {
		Make(undo("d"))
		close(made)
	}()
	select {
	case <-made:
		t.Error("something was made after Run")
	case <-time.After(50 * time.Millisecond):
	}
}
