// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rules-kheaders/rules_kheaders/internal/carrier"
	"github.com/rules-kheaders/rules_kheaders/internal/carrier/stamp"
	"github.com/rules-kheaders/rules_kheaders/internal/cli"
)

// worker is the program that signals, full disks and other processes meet: patcher's
// stamp and extract, for an output of any size that a limit allows.
var worker = cli.Tool{Name: "worker", Commands: []cli.Command{
	{Name: "stamp", Run: func(args []string, _, _ io.Writer) error {
		return limited(args[3], func() error {
			return stamp.Stamp(stamp.Request{Carrier: args[0], Archive: args[1], Out: args[2]})
		})
	}},
	{Name: "extract", Run: func(args []string, _, _ io.Writer) error {
		return limited(args[2], func() error {
			_, err := stamp.ExtractTree(args[0], args[1], carrier.Options{})
			return err
		})
	}},
}}

// limited does its work with files of at most so many bytes.
func limited(bytes string, work func() error) error {
	if n, err := strconv.ParseUint(bytes, 10, 64); err == nil {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: n, Max: n}); err != nil {
			return err
		}
	}
	return work()
}

// job is a run of the worker in a directory of its own.
type job struct {
	cmd    *exec.Cmd
	dir    string
	out    string
	tree   bool // the output is a directory
	stderr bytes.Buffer
}

// start starts a worker that stamps or unpacks into dir.
func (a *attacker) start(dir, limit string, tree bool) (*job, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	j := &job{dir: dir, out: filepath.Join(dir, "out"), tree: tree}
	args := []string{"stamp", a.base.carrier, a.base.archive, j.out, limit}
	if tree {
		args = []string{"extract", a.base.archive, j.out, limit}
	}
	j.cmd = exec.Command(self, args...)
	j.cmd.Env = append(os.Environ(), asWorker+"=1")
	j.cmd.Stderr = &j.stderr
	return j, j.cmd.Start()
}

// wait waits for the worker, and says whether it succeeded. What Go prints at a SIGQUIT or
// SIGABRT that comes before main is no panic.
func (a *attacker) wait(j *job) bool {
	err := j.cmd.Wait()
	if text := j.stderr.String(); strings.Contains(text, "panic: ") || strings.Contains(text, "fatal error: ") || strings.Contains(text, "internal error") {
		a.violation(panicked, "%.300s", text)
	}
	a.outcome(err)
	return err == nil
}

// whole says why an output is not what it has to be, or "".
func (a *attacker) whole(j *job) string {
	if !j.tree {
		if _, err := stamp.Verify(j.out, a.base.carrier, carrier.Options{}); err != nil {
			return err.Error()
		}
		return ""
	}
	got, err := digest(j.out)
	if err != nil {
		return err.Error()
	}
	if got != a.base.tree {
		return "the tree is another one"
	}
	return ""
}

// check compares what is in the directory with how the worker ended.
func (a *attacker) check(j *job, succeeded bool, what string) {
	if succeeded {
		if why := a.whole(j); why != "" {
			a.violation(accepted, "%s: success without the output: %s", what, why)
		}
	} else if _, err := os.Lstat(j.out); err == nil && a.whole(j) != "" {
		a.violation(partial, "%s: failure, and an output that is not whole: %s", what, &j.stderr)
	}
	entries, err := os.ReadDir(j.dir)
	for _, e := range entries {
		if e.Name() != "out" || err != nil {
			a.violation(partial, "%s: %s is left", what, e.Name())
		}
	}
}

// place makes an empty directory.
func (a *attacker) place() (string, error) { return os.MkdirTemp(a.dir, "place-") }

// interrupt ends a worker by a signal. A run after one that was killed succeeds, and
// leaves nothing of it.
func interrupt(a *attacker) error {
	if a.takes == 0 || a.tried%50 == 0 {
		if err := a.measure(); err != nil {
			return err
		}
	}
	signals := []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGABRT, syscall.SIGKILL}
	s := signals[a.random.IntN(len(signals))]
	dir, err := a.place()
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	tree := a.random.IntN(2) == 0
	j, err := a.start(dir, "", tree)
	if err != nil {
		return err
	}
	// Until a moment of its work, or a little after.
	time.Sleep(time.Duration(a.random.Int64N(int64(a.takes)*5/4 + 1)))
	j.cmd.Process.Signal(s)
	succeeded := a.wait(j)
	if s != syscall.SIGKILL {
		a.check(j, succeeded, s.String())
		return nil
	}
	if succeeded || tree && a.whole(j) == "" {
		return nil
	}
	again, err := a.start(dir, "", tree)
	if err != nil {
		return err
	}
	if err := again.cmd.Wait(); err != nil {
		a.violation(partial, "the run after one that was killed: %v: %s", err, &again.stderr)
		return nil
	}
	a.check(again, true, "after SIGKILL")
	return nil
}

// measure finds out how long a worker takes now.
func (a *attacker) measure() error {
	dir, err := a.place()
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	begin := time.Now()
	j, err := a.start(dir, "", true)
	if err == nil {
		err = j.cmd.Wait()
	}
	a.takes = time.Since(begin)
	return err
}

// fillDisk has a worker run out of room: of a small file system, where one may be
// mounted, or by a limit on the size of files.
func fillDisk(a *attacker) error {
	dir, err := a.place()
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	size := a.random.IntN(500_000)
	limit := strconv.Itoa(size)
	if syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", size&^4095+4096)) == nil {
		limit = ""
		defer syscall.Unmount(dir, syscall.MNT_DETACH)
	}
	j, err := a.start(dir, limit, a.random.IntN(2) == 0)
	if err != nil {
		return err
	}
	a.check(j, a.wait(j), "full disk")
	return nil
}

// race has three workers make the same output. Each that succeeds leaves all of it; for a
// directory, one does.
func race(a *attacker) error {
	dir, err := a.place()
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	tree := a.random.IntN(2) == 0
	if tree && a.random.IntN(2) == 0 {
		if err := os.Mkdir(filepath.Join(dir, "out"), 0o755); err != nil {
			return err
		}
	}
	var jobs []*job
	for range 3 {
		j, err := a.start(dir, "", tree)
		if err != nil {
			return errors.Join(err, fmt.Errorf("start %d", len(jobs)))
		}
		jobs = append(jobs, j)
	}
	succeeded := 0
	for _, j := range jobs {
		if a.wait(j) {
			succeeded++
		}
	}
	a.check(jobs[0], succeeded > 0, "race")
	if succeeded == 0 || tree && succeeded > 1 {
		a.violation(accepted, "race: %d of 3 succeed: %s", succeeded, &jobs[0].stderr)
	}
	return nil
}
