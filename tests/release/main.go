// SPDX-License-Identifier: Apache-2.0

// Release makes the release twice, the second time in another output base and
// without any cache, and compares the files byte for byte.
// Start it by `tools/bazel run //tests/release`.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/rules-kheaders/rules_kheaders/tests/internal/bazeltest"
)

func main() { os.Exit(bazeltest.Main("release", run)) }

func run(ctx context.Context, _ []string, w io.Writer) (err error) {
	first, err := bazeltest.Here(ctx)
	if err != nil {
		return err
	}
	dir, err := bazeltest.TempDir("release")
	if err != nil {
		return err
	}
	base := filepath.Join(dir, "base")
	second := first
	second.Startup = []string{"--output_base=" + base}
	defer func() {
		var stop error
		if _, statErr := os.Stat(base); statErr == nil {
			stop = second.End("shutdown")
		}
		err = errors.Join(err, stop, bazeltest.RemoveAll(dir))
	}()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	fmt.Fprintln(w, "first build")
	if _, err := first.Run("run", "//tools:release", "--", a); err != nil {
		return err
	}
	fmt.Fprintln(w, "second build: another output base, no cache (Go's library for two machines, some minutes)")
	if _, err := second.Run("run", "--disk_cache=", "//tools:release", "--", b); err != nil {
		return err
	}
	sums, err := os.ReadFile(filepath.Join(a, "SHA256SUMS"))
	if err != nil {
		return err
	}
	again, err := os.ReadFile(filepath.Join(b, "SHA256SUMS"))
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s", sums)
	if string(sums) != string(again) {
		return fmt.Errorf("FAIL the second release is another:\n%s", again)
	}
	fmt.Fprintln(w, "PASS both releases are the same, byte for byte")
	return nil
}
