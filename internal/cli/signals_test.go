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

	"github.com/rules-kheaders/rules_kheaders/internal/atomicfile"
	"github.com/rules-kheaders/rules_kheaders/internal/kmake"
)

// The signals that are to end a program.
var endings = []os.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM}

// With this in the environment the test binary is a tool that works for long.
const asWorker = "RUN_AS_WORKER"

func TestMain(m *testing.M) {
	if os.Getenv(asWorker) == "" {
		os.Exit(m.Run())
	}
	os.Exit(Tool{Name: "worker", Commands: []Command{{Name: "work", Run: work}}}.Main(os.Args[1:], os.Stdout, os.Stderr))
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

// worker starts a tool in a new directory, by way of the command before it, and
// returns when it is at work: with the process that its own has started. No
// signal is ignored that the command does not ignore, whatever the test was
// started with (nohup). A tool that goes on for too long is killed.
func worker(t *testing.T, before ...string) (cmd *exec.Cmd, dir string, grandchild int, stderr *strings.Builder) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
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
