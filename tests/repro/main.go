// SPDX-License-Identifier: Apache-2.0

// Repro builds the demo's chain a second time, in another output base, one
// action at a time and without any cache, and compares the results byte for
// byte. Start it by `tools/bazel run //tests/repro`; it builds a kernel.
package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/rules-kheaders/rules_kheaders/internal/bazeltest"
)

// The chain's results, from the kernel to the module.
var targets = []string{
	"//examples/demo:linux",
	"//examples/demo:archive",
	"//examples/demo:stamped",
	"//examples/demo:bzImage",
	"//examples/demo:hello",
}

func main() {
	if err := run(os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "repro: %v\n", err)
		os.Exit(1)
	}
}

func run(w io.Writer) (err error) {
	first, err := bazeltest.Here()
	if err != nil {
		return err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return err
	}
	base, err := os.MkdirTemp(cache, "rules_kheaders-repro-")
	if err != nil {
		return err
	}
	second := first
	second.Startup = []string{"--output_base=" + base}
	defer func() {
		_, stop := second.Run("shutdown")
		err = errors.Join(err, stop, removeAll(base))
	}()

	fmt.Fprintln(w, "first build")
	if _, err := first.Run(append([]string{"build"}, targets...)...); err != nil {
		return err
	}
	fmt.Fprintln(w, "second build: another output base, --jobs=1, no cache (a kernel, some minutes)")
	if _, err := second.Run(append([]string{"build", "--jobs=1", "--disk_cache="}, targets...)...); err != nil {
		return err
	}
	passed, failed := 0, 0
	for _, t := range targets {
		if err := same(w, t, first, second); err != nil {
			failed++
			fmt.Fprintf(w, "FAIL %v\n", err)
			continue
		}
		passed++
	}
	fmt.Fprintf(w, "%d passed, %d failed\n", passed, failed)
	if failed > 0 {
		return fmt.Errorf("%d of %d outputs differ", failed, len(targets))
	}
	return nil
}

// same compares a target's files in two output bases.
func same(w io.Writer, target string, first, second bazeltest.Workspace) error {
	a, err := first.Files(target)
	if err != nil {
		return err
	}
	b, err := second.Files(target)
	if err != nil {
		return err
	}
	if len(a) == 0 || len(a) != len(b) {
		return fmt.Errorf("%s: %d files and %d files", target, len(a), len(b))
	}
	for i := range a {
		x, err := os.ReadFile(a[i])
		if err != nil {
			return err
		}
		y, err := os.ReadFile(b[i])
		if err != nil {
			return err
		}
		if !bytes.Equal(x, y) {
			return fmt.Errorf("%s: %s and %s differ", target, a[i], b[i])
		}
		fmt.Fprintf(w, "PASS %s %x\n", target, sha256.Sum256(x))
	}
	return nil
}

// removeAll removes an output base, in which Bazel makes directories read-only.
func removeAll(dir string) error {
	if err := makeWritable(dir); err != nil {
		return err
	}
	return os.RemoveAll(dir)
}
