// SPDX-License-Identifier: Apache-2.0

package bazeltest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain is also the Bazel of workspace.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) != "bazel" {
		os.Exit(m.Run())
	}
	fmt.Println(strings.Join(os.Args[1:], " "))
	if !slices.Contains(os.Args, "build") {
		return
	}
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	if err := os.WriteFile(os.Getenv("BUILDING"), nil, 0o644); err != nil {
		panic(err)
	}
	select {
	case <-interrupts:
		fmt.Fprintln(os.Stderr, "build interrupted")
		os.Exit(8)
	case <-time.After(time.Minute):
	}
}

// workspace has a tools/bazel whose build ends when it is interrupted, and any
// other command at once.
func workspace(t *testing.T, ctx context.Context) Workspace {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	w := Workspace{
		Context: ctx,
		Dir:     dir,
		Startup: []string{"--output_base=base"},
		Flags:   []string{"--flag"},
		Env:     []string{"BUILDING=" + filepath.Join(dir, "building")},
	}
	if err := os.Mkdir(filepath.Join(w.Dir, "tools"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(w.Dir, "tools/bazel")); err != nil {
		t.Fatal(err)
	}
	return w
}

// whenBuilding calls then when the workspace's Bazel has begun to build.
func whenBuilding(t *testing.T, w Workspace, then func()) {
	t.Helper()
	go func() {
		for range 600 {
			if _, err := os.Stat(filepath.Join(w.Dir, "building")); err == nil {
				break
			}
			time.Sleep(100 * time.Millisecond)
		}
		then()
	}()
}

func TestRunPutsFlagsBehindTheCommand(t *testing.T) {
	got, err := workspace(t, context.Background()).Run("info", "execution_root")
	if want := "--output_base=base info --flag execution_root\n"; err != nil || string(got) != want {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}

func TestRunBehindAPrefix(t *testing.T) {
	w := workspace(t, context.Background())
	bazel := filepath.Join(w.Dir, "tools/bazel")
	w.Prefix = []string{bazel, "prefix"}
	got, err := w.Run("info")
	if want := "prefix " + bazel + " --output_base=base info --flag\n"; err != nil || string(got) != want {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}

func TestNeed(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if err := Need("taskset", "util-linux"); err == nil || !strings.Contains(err.Error(), "'apt-get install util-linux'") {
		t.Errorf("got %v, want the command that installs it", err)
	}
}

// The test program is sent a signal in mid-build: Bazel is interrupted, what is
// deferred is done, and by a Bazel that is not.
func TestMainInterrupted(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(sig.String(), func(t *testing.T) {
			w := workspace(t, nil)
			whenBuilding(t, w, func() { syscall.Kill(os.Getpid(), sig) })
			var built, next, end error
			status := Main("test", func(ctx context.Context, _ []string, _ io.Writer) error {
				w.Context = ctx
				defer func() { end = w.End("shutdown") }()
				_, built = w.Run("build", "//:all")
				_, next = w.Run("info")
				return built
			})
			if status != 1 {
				t.Errorf("the status is %d, want 1", status)
			}
			if built == nil || !strings.Contains(built.Error(), "build interrupted") {
				t.Errorf("build: got %v, want what Bazel says when it is interrupted", built)
			}
			if next == nil {
				t.Error("Bazel was run again after the signal")
			}
			if end != nil {
				t.Errorf("shutdown: %v", end)
			}
		})
	}
}

func TestRunCasesStartsNoneAfterTheEnd(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	interrupt := errors.New("interrupt")
	var said strings.Builder
	err := RunCases(ctx, &said,
		Case{Name: "first", Run: func() error { cancel(interrupt); return nil }},
		Case{Name: "second", Run: func() error { t.Error("the second was run"); return nil }},
	)
	if !errors.Is(err, interrupt) || !strings.Contains(err.Error(), "1 of 2 tests not run") {
		t.Errorf("got %v, want 1 of 2 tests not run", err)
	}
	if got, want := said.String(), "PASS first (0 s)\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCopyExample(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", filepath.Join(t.TempDir(), "cache"))
	copied := func(w Workspace) Workspace {
		t.Helper()
		if err := os.MkdirAll(filepath.Join(w.Dir, "examples/one"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(w.Dir, "examples/one/MODULE.bazel"), nil, 0o644); err != nil {
			t.Fatal(err)
		}
		example, err := w.CopyExample("one")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(example.In, "MODULE.bazel")); err != nil {
			t.Error(err)
		}
		return example
	}
	first := workspace(t, context.Background())
	one, two := copied(first), copied(workspace(t, context.Background()))
	if one.In == two.In {
		t.Errorf("two checkouts have their copies in %s", one.In)
	}
	left := filepath.Join(one.In, "left")
	if err := os.WriteFile(left, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if again := copied(first); again.In != one.In {
		t.Errorf("one checkout has its copy in %s and in %s", one.In, again.In)
	}
	if _, err := os.Stat(left); err == nil {
		t.Errorf("%s is there in the next copy", left)
	}
	if err := one.RemoveExample(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(one.In); err == nil {
		t.Errorf("%s is there after it was removed", one.In)
	}
}
