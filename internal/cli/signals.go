// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"os"
	"os/signal"
	"syscall"

	"github.com/rules-kheaders/rules_kheaders/internal/cleanup"
)

// catchSignals has a signal that is to end the program clean up first. The
// program still dies of it, as its exit status says. After stop signals are as
// before; when one has come already, stop does not return.
func catchSignals() (stop func()) {
	caught, quit := make(chan os.Signal, 1), make(chan bool)
	for _, s := range []os.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM} {
		// Started by nohup or in the background, the program goes on as it was to.
		if !signal.Ignored(s) {
			signal.Notify(caught, s)
		}
	}
	die := func(s os.Signal) {
		cleanup.Run()
		signal.Reset(s)
		if self, err := os.FindProcess(os.Getpid()); err == nil && self.Signal(s) == nil {
			select {}
		}
		os.Exit(1)
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
