// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"os"
	"os/signal"
	"syscall"

	"github.com/rules-kheaders/rules_kheaders/internal/cli/cleanup"
)

// endings are the signals that are to end the program and can be caught.
var endings = []os.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGABRT, syscall.SIGTERM}

// catchSignals has a signal that is to end the program clean up first. The
// program still dies of it, as its exit status says. After stop signals are as
// before; when one has come already, stop does not return.
func catchSignals() (stop func()) {
	caught, quit := make(chan os.Signal, 1), make(chan bool)
	for _, s := range endings {
		// Started by nohup or in the background, the program goes on as it was to.
		if !signal.Ignored(s) {
			signal.Notify(caught, s)
		}
	}
	die := func(s os.Signal) {
		cleanup.Run()
		dieOf(s)
	}
	go func() {
		select {
		case s := <-caught:
			die(s)
		case <-quit:
		}
	}()
	return func() {
		signal.Stop(caught)
		quit <- true
		select {
		case s := <-caught:
			die(s)
		default:
		}
	}
}

// dieOf ends the program by the signal.
func dieOf(s os.Signal) {
	signal.Reset(s)
	defaultAction(s)
	if self, err := os.FindProcess(os.Getpid()); err == nil && self.Signal(s) == nil {
		select {}
	}
	os.Exit(1)
}

// catchBrokenPipe makes a write to a pipe that nobody reads an error, EPIPE, on
// stdout and stderr too, where Go ends the program at once: what it has made would
// be left. Children get the signal's default action, as they would not if it were
// ignored.
func catchBrokenPipe() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }
