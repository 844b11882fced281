// SPDX-License-Identifier: Apache-2.0

//go:build bazel

package main

import (
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/tests/internal/bazeltest"
)

// TestRemote is what `bazel run` starts, as a test of Bazel's: the checkout is that
// of the MODULE.bazel among the runfiles, and its output base another, for the
// one that it has is taken while its test runs.
func TestRemote(t *testing.T) {
	module, err := filepath.EvalSymlinks("MODULE.bazel")
	if err != nil {
		t.Fatal(err)
	}
	// Where it is set, Bazel ends its server after some seconds.
	if err := os.Unsetenv("TEST_TMPDIR"); err != nil {
		t.Fatal(err)
	}
	base, err := bazeltest.TempDir("remote-test")
	if err != nil {
		t.Fatal(err)
	}
	status := bazeltest.Main("remote", func(ctx context.Context, _ []string, w io.Writer) (err error) {
		here := bazeltest.Workspace{Context: ctx, Dir: filepath.Dir(module), Startup: []string{"--output_base=" + base}}
		defer func() { err = errors.Join(err, here.End("shutdown"), bazeltest.RemoveAll(base)) }()
		return test(here, "", flag.Args(), w)
	})
	if status != 0 {
		t.Fatal("see above")
	}
}
