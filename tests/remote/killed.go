// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/rules-kheaders/rules_kheaders/tests/internal/bazeltest"
)

// killed builds an archive that was not built before, kills the server while it
// is packed, and looks at what comes of it; then the build is run again.
func (e *environment) killed(b bazeltest.Workspace, s *server, target string, back bool) error {
	flags := append(remotely(s), "--remote_retries=5", target)
	if !back {
		flags = append(flags, "--remote_retries=1")
	}
	done := make(chan error, 1)
	go func() {
		_, err := e.build(b, flags...)
		done <- err
	}()
	select {
	case <-s.executed:
	case got := <-done:
		return fmt.Errorf("the build ended before it executed anything: %w", errors.Join(got, errors.New("nothing was to be packed")))
	}
	err := s.killExecuting(back)
	// Whatever came of that, the build ends before the next one, which has the same log and output base.
	got := <-done
	if err != nil {
		return err
	}
	switch {
	case got != nil && !strings.Contains(got.Error(), "ERROR: "):
		return fmt.Errorf("the build ended without an error of its own: %w", got)
	case got != nil:
		fmt.Fprintf(e.out, "the build ended with: %s\n", line(got.Error(), "ERROR: "))
		if err := noFiles(b, target); err != nil {
			return err
		}
	case !back:
		return errors.New("the build succeeded without a server")
	default:
		fmt.Fprintln(e.out, "the build went on and ended well")
		if err := e.sameTarget(target, b); err != nil {
			return err
		}
	}
	if !back {
		if err := s.start(); err != nil {
			return err
		}
	}
	if _, err := e.build(b, flags...); err != nil {
		return fmt.Errorf("the build after that: %w", err)
	}
	return e.sameTarget(target, b)
}

// killExecuting kills the server while it executes an action, and restarts it, if
// it is to come back.
func (s *server) killExecuting(back bool) error {
	time.Sleep(300 * time.Millisecond)
	if s.executing.Load() == 0 {
		return errors.New("the action had ended before the server was killed, so this shows nothing")
	}
	if err := s.kill(); err != nil || !back {
		return err
	}
	time.Sleep(time.Second)
	return s.start()
}

// sameTarget compares what the server made with what the sandbox makes.
func (e *environment) sameTarget(target string, b bazeltest.Workspace) error {
	if _, err := e.build(e.here, target); err != nil {
		return err
	}
	return bazeltest.Same(target, e.here, b)
}

func noFiles(b bazeltest.Workspace, target string) error {
	files, err := b.Files(target)
	if err != nil {
		return err
	}
	for _, f := range files {
		if _, err := os.Stat(f); err == nil {
			return fmt.Errorf("%s is there after a failed build", f)
		}
	}
	return nil
}

// line is the first line that has a text.
func line(of, text string) string {
	for l := range strings.Lines(of) {
		if strings.Contains(l, text) {
			return strings.TrimSpace(l)
		}
	}
	return ""
}
