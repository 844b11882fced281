// SPDX-License-Identifier: Apache-2.0

package untar

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rules-kheaders/rules_kheaders/internal/cli/claim"
)

// Of those that unpack into one directory at the same time, each leaves all or fails,
// and one does not fail.
func TestExtractTogether(t *testing.T) {
	var members []entry
	for i := range 50 {
		members = append(members, file(fmt.Sprintf("include/%d/f.h", i), "text"))
	}
	p := pack(t, members...)
	for round := range 40 {
		root := t.TempDir()
		out := filepath.Join(root, "out")
		if round%2 == 0 {
			if err := os.Mkdir(out, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		errs := make(chan error)
		for range 4 {
			go func() {
				_, err := Extract(out, bytes.NewReader(p), roomy)
				errs <- err
			}()
		}
		succeeded := 0
		for range 4 {
			err := <-errs
			if err == nil {
				succeeded++
			} else if !strings.Contains(err.Error(), "create directory: ") {
				t.Errorf("got %v, want that the directory is taken", err)
			}
		}
		if got := strings.Count(list(t, out), "f.h"); succeeded != 1 || got != 50 {
			t.Errorf("%d succeeded, and there are %d files; want 1 and 50", succeeded, got)
		}
	}
}

// What a killed run has left is removed by the next.
func TestExtractAfterKill(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "out")
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), asKilled+"="+out)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, filepath.Join(out, "include/50/file.h"))
	if _, err := Extract(out, bytes.NewReader(pack(t, file("f", "x"))), roomy); err == nil || !strings.Contains(err.Error(), "another run is unpacking into "+out) {
		t.Errorf("meanwhile: got %v", err)
	}
	cmd.Process.Kill()
	cmd.Wait()
	if _, err := os.Lstat(filepath.Join(out, claim.Mark)); err != nil {
		t.Fatalf("the killed run has left no mark: %v", err)
	}
	if _, err := Extract(out, bytes.NewReader(pack(t, file("f", "x"))), roomy); err != nil {
		t.Fatal(err)
	}
	if got := list(t, out); got != "-rw-r--r-- f x" {
		t.Errorf("got:\n%s", got)
	}
}

func waitFor(t *testing.T, file string) {
	t.Helper()
	for range 1000 {
		if _, err := os.Lstat(file); err == nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%s does not come", file)
}

// A mark beside somebody's files does not have them removed.
func TestExtractPlantedMark(t *testing.T) {
	for _, tt := range []struct {
		name  string
		plant func(mark string) error
	}{
		{"empty", func(mark string) error { return os.WriteFile(mark, nil, 0o600) }},
		{"other text", func(mark string) error { return os.WriteFile(mark, []byte("mine"), 0o600) }},
		{"link", func(mark string) error { return os.Symlink("f", mark) }},
		{"dangling link", func(mark string) error { return os.Symlink("none", mark) }},
		{"FIFO", func(mark string) error { return syscall.Mkfifo(mark, 0o600) }},
		{"directory", func(mark string) error { return os.Mkdir(mark, 0o700) }},
	} {
		out := t.TempDir()
		f := filepath.Join(out, "f")
		if err := os.WriteFile(f, []byte("mine"), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := tt.plant(filepath.Join(out, claim.Mark)); err != nil {
			t.Fatal(err)
		}
		if _, err := Extract(out, bytes.NewReader(pack(t, file("f", "x"))), roomy); err == nil {
			t.Errorf("%s: got no error", tt.name)
		}
		if got, err := os.ReadFile(f); err != nil || string(got) != "mine" {
			t.Errorf("%s: got %q, %v, want the file as it was", tt.name, got, err)
		}
	}
}

// No descriptor is left open, whatever the end.
func TestExtractDescriptors(t *testing.T) {
	open := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "f"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	whole := pack(t, file("a/b/c", "x"), file("d", "x"))
	before := open()
	for _, p := range [][]byte{whole, whole[:700], whole[:1600], bytes.Repeat([]byte("no tar"), 100), pack(t, file("../f", ""))} {
		for _, dir := range []string{filepath.Join(t.TempDir(), "new"), t.TempDir(), full, "/dev/null", filepath.Join(full, "none/below")} {
			Extract(dir, bytes.NewReader(p), roomy)
		}
	}
	if after := open(); after != before {
		t.Errorf("%d descriptors are open, %d were before", after, before)
	}
}
