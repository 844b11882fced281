// SPDX-License-Identifier: Apache-2.0

package untar

import (
	"archive/tar"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/internal/cli/cleanup"
)

// With this in the environment the test binary unpacks into the directory of
// that name, and does what a signal does in the middle of it.
const asInterrupted = "UNPACK_AND_CLEAN_UP"

// With this it unpacks into that directory, and waits in the middle of it.
const asKilled = "UNPACK_AND_WAIT"

func TestMain(m *testing.M) {
	if dir := os.Getenv(asInterrupted); dir != "" {
		fmt.Fprintln(os.Stderr, interrupted(dir))
		os.Exit(1)
	}
	if dir := os.Getenv(asKilled); dir != "" {
		r, w := io.Pipe()
		go half(w)
		_, err := Extract(dir, r, Limits{Bytes: 1 << 20, Members: 1000})
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// half writes a hundred files of a tar.
func half(w io.Writer) {
	members := tar.NewWriter(w)
	for i := range 100 {
		members.WriteHeader(&tar.Header{Name: fmt.Sprintf("include/%d/file.h", i), Mode: 0o644})
	}
	members.Flush()
}

// interrupted ends the program, with status 0 if there was something to clean
// up.
func interrupted(dir string) error {
	r, w := io.Pipe()
	go func() {
		half(w)
		if _, err := os.Stat(filepath.Join(dir, "include/50/file.h")); err != nil {
			w.CloseWithError(err)
			return
		}
		cleanup.Run()
		os.Exit(0)
	}()
	_, err := Extract(dir, r, Limits{Bytes: 1 << 20, Members: 1000})
	return err
}

// A signal leaves the directory as it was.
func TestExtractInterrupted(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, there := range []bool{false, true} {
		dir := filepath.Join(t.TempDir(), "out")
		if there {
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		cmd := exec.Command(self)
		cmd.Env = append(os.Environ(), asInterrupted+"="+dir)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		entries, err := os.ReadDir(dir)
		if there != (err == nil) || len(entries) > 0 {
			t.Errorf("directory there before: %v; got %v, %v", there, entries, err)
		}
	}
}
