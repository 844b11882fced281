// SPDX-License-Identifier: Apache-2.0

//go:build linux

package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rules-kheaders/rules_kheaders/internal/cli/atomicfile"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/kmake"
)

// With this in the environment the test binary is a tool that works for long.
const asWorker = "RUN_AS_WORKER"

func TestMain(m *testing.M) {
	if os.Getenv(asWorker) == "" {
		os.Exit(m.Run())
	}
	os.Exit(Tool{Name: "worker", Commands: []Command{{Name: "work", Run: work}, {Name: "print", Run: printTwice}}}.Main(os.Args[1:], os.Stdout, os.Stderr))
}

// work has a finished output, a half-written one, a scratch directory, and a
// process that has started another one.
func work(args []string, stdout, stderr io.Writer) error {
	write := func(name string, then func() error) error {
		return atomicfile.Write(name, 0o644, func(f *os.File) error {
			if _, err := f.WriteString("text"); err != nil {
				return err
			}
			return then()
		})
	}
	if err := write("finished", func() error { return nil }); err != nil {
		return err
	}
	return write("half", func() error {
		remove, err := kmake.MakeScratch("scratch")
		if err != nil {
			return err
		}
		defer remove()
		script := "sleep 1000 & echo $! > pid; mkdir locked; echo > locked/file; chmod a-w locked; mv pid ready; wait"
		_, err = kmake.Run(stderr, "scratch", "scratch", "sh", "-c", script)
		return err
	})
}

// printTwice prints in the middle of its work.
func printTwice(args []string, stdout, stderr io.Writer) error {
	remove, err := kmake.MakeScratch("scratch")
	if err != nil {
		return err
	}
	defer remove()
	if args[0] == "stderr" {
		fmt.Fprintln(stderr, "text") // a log
		return nil
	}
	_, err = fmt.Fprintln(stdout, "text")
	return err
}

// worker starts a tool in a new directory, by way of the command before it, and
// returns when it is at work: with the process that its own has started. No
// signal is ignored that the command does not ignore, whatever the test was
// started with (nohup). A tool that goes on for too long is killed.
func worker(t *testing.T, before ...string) (cmd *exec.Cmd, dir string, grandchild int, stderr *strings.Builder) {
	t.Helper()
	return workerIn(t, t.TempDir(), before...)
}

func workerIn(t *testing.T, dir string, before ...string) (cmd *exec.Cmd, _ string, grandchild int, stderr *strings.Builder) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	stderr = new(strings.Builder)
	args := append(before, self, "work")
	// What is caught here has its default action in the program that is started.
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, endings...)
	defer signal.Stop(caught)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	cmd = exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir, cmd.Stderr, cmd.WaitDelay = dir, stderr, time.Second
	cmd.Env = append(os.Environ(), asWorker+"=1")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for range 500 {
		if text, err := os.ReadFile(filepath.Join(dir, "scratch/ready")); err == nil {
			if grandchild, err = strconv.Atoi(strings.TrimSpace(string(text))); err != nil {
				t.Fatal(err)
			}
			return cmd, dir, grandchild, stderr
		}
		time.Sleep(20 * time.Millisecond)
	}
	cmd.Process.Kill()
	cmd.Wait()
	t.Fatalf("the tool does not come to work: %s", stderr)
	return nil, "", 0, nil
}

// running says whether a process runs; one that is not waited for yet does not.
func running(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	return !strings.HasPrefix(rest, "Z")
}

func ended(pid int) bool {
	for range 250 {
		if !running(pid) {
			return true
		}
		time.Sleep(20 * time.Millisecond)
	}
	return false
}

// A signal leaves what is finished and nothing else, and the exit status says
// which one it was.
func TestSignals(t *testing.T) {
	for _, s := range endings {
		t.Run(s.String(), func(t *testing.T) {
			cmd, dir, grandchild, stderr := worker(t)
			if err := cmd.Process.Signal(s); err != nil {
				t.Fatal(err)
			}
			cmd.Wait()
			if got := cmd.ProcessState.Sys().(syscall.WaitStatus); !got.Signaled() || got.Signal() != s {
				t.Errorf("got %v, want the signal %v", cmd.ProcessState, s)
			}
			entries, err := os.ReadDir(dir)
			if err != nil || len(entries) != 1 || entries[0].Name() != "finished" {
				t.Errorf("got %v, %v, want the finished output alone", entries, err)
			}
			if !ended(grandchild) {
				t.Errorf("process %d still runs", grandchild)
				syscall.Kill(grandchild, syscall.SIGKILL)
			}
			if stderr.Len() > 0 {
				t.Errorf("stderr = %q, want nothing", stderr)
			}
		})
	}
}

// A tool that is to go on after a hang-up does.
func TestIgnoredSignal(t *testing.T) {
	cmd, dir, _, _ := worker(t, "sh", "-c", `trap "" HUP; exec "$@"`, "sh")
	for _, s := range []syscall.Signal{syscall.SIGHUP, syscall.SIGTERM} {
		if _, err := os.Stat(filepath.Join(dir, "scratch")); err != nil {
			t.Errorf("before %v: %v, want the tool at work", s, err)
		}
		if err := cmd.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond)
	}
	cmd.Wait()
	if got := cmd.ProcessState.Sys().(syscall.WaitStatus); got.Signal() != syscall.SIGTERM {
		t.Errorf("got %v, want the signal that is not ignored", cmd.ProcessState)
	}
}

// A signal that cannot be caught leaves no process, and what it leaves else is removed by
// the next run.
func TestKilled(t *testing.T) {
	cmd, dir, grandchild, _ := worker(t)
	cmd.Process.Kill()
	cmd.Wait()
	if !ended(grandchild) {
		t.Errorf("process %d still runs", grandchild)
		syscall.Kill(grandchild, syscall.SIGKILL)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 3 {
		t.Fatalf("got %v, %v, want the finished output, a temporary file and the scratch directory", left, err)
	}
	if err := os.Remove(filepath.Join(dir, "scratch/ready")); err != nil {
		t.Fatal(err)
	}
	cmd, _, _, stderr := workerIn(t, dir)
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	// A directory that was there stays, empty.
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 || entries[0].Name() != "finished" || entries[1].Name() != "scratch" || stderr.Len() > 0 {
		t.Errorf("got %v, %v, %q, want the finished output and the scratch directory", entries, err, stderr)
	}
	if entries, err = os.ReadDir(filepath.Join(dir, "scratch")); err != nil || len(entries) > 0 {
		t.Errorf("scratch: got %v, %v, want nothing in it", entries, err)
	}
}

// A reader of stdout that goes away ends a tool as SIGPIPE does, and one of stderr
// does not end it; both leave nothing.
func TestBrokenPipe(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		closed string
		ends   bool
	}{{"stdout", true}, {"stderr", false}} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
		cmd := exec.Command(self, "print", tt.closed)
		cmd.Dir = t.TempDir()
		cmd.Env = append(os.Environ(), asWorker+"=1")
		if tt.ends {
			cmd.Stdout = w
		} else {
			cmd.Stderr = w
		}
		cmd.Run()
		w.Close()
		got := cmd.ProcessState.Sys().(syscall.WaitStatus)
		if tt.ends && (!got.Signaled() || got.Signal() != syscall.SIGPIPE) || !tt.ends && got.ExitStatus() != 0 {
			t.Errorf("%s: got %v", tt.closed, cmd.ProcessState)
		}
		if left, err := os.ReadDir(cmd.Dir); err != nil || len(left) > 0 {
			t.Errorf("%s: left %v, %v", tt.closed, left, err)
		}
	}
}
