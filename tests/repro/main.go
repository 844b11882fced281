// SPDX-License-Identifier: Apache-2.0

// Repro builds the demo's chain a second time, with nothing the same that need not
// be: another checkout, output base, user, host name, locale, time zone and time,
// on one processor, so that Bazel, make and the packer do one thing at a time, and
// without any cache. It compares the results byte for byte, and says of files that
// differ in what. Start it by `tools/bazel run //tests/repro`; it builds a kernel.
// //tests/remote has the same for a build on a remote execution server.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/tests/internal/bazeltest"
)

// The chain's results, from the kernel to the module.
var targets = []string{
	"//examples/demo:linux",
	"//examples/demo:archive",
	"//examples/demo:stamped",
	"//examples/demo:bzImage",
	"//examples/demo:hello",
}

func main() { os.Exit(bazeltest.Main("repro", run)) }

func run(ctx context.Context, _ []string, w io.Writer) (err error) {
	first, err := bazeltest.Here(ctx)
	if err != nil {
		return err
	}
	alone, err := oneProcessor()
	if err != nil {
		return err
	}
	dir, err := bazeltest.TempDir("repro")
	if err != nil {
		return err
	}
	second := bazeltest.Workspace{
		Context: ctx,
		Dir:     filepath.Join(dir, "another/checkout"),
		// The server keeps to the processor too, and what it starts.
		Prefix:  alone,
		Startup: []string{"--output_base=" + filepath.Join(dir, "base")},
		Env:     []string{"LANG=C.UTF-8", "LC_ALL=C.UTF-8", "TZ=Asia/Kathmandu", "USER=another"},
	}
	defer func() {
		var stop error
		if _, statErr := os.Stat(second.Dir); statErr == nil {
			stop = second.End("shutdown")
		}
		err = errors.Join(err, stop, bazeltest.RemoveAll(dir))
	}()

	fmt.Fprintln(w, "first build")
	if _, err := first.Run(append([]string{"build", "//tools/packer", "//tools/patcher"}, targets...)...); err != nil {
		return err
	}
	fmt.Fprintln(w, "second build: another checkout, user, host, locale and time zone, one processor, no cache (it builds a kernel: the longest part)")
	if err := bazeltest.CopyCheckout(first.Dir, second.Dir); err != nil {
		return err
	}
	flags := []string{"build", "--jobs=1", "--disk_cache=", "--sandbox_fake_username", "--sandbox_fake_hostname"}
	if _, err := second.Run(slices.Concat(flags, bazeltest.AnotherEnvironment, targets)...); err != nil {
		return err
	}
	cases := make([]bazeltest.Case, len(targets))
	for i, t := range targets {
		cases[i] = bazeltest.Case{Name: t, Run: func() error {
			err := bazeltest.Same(t, first, second)
			if differ := (*bazeltest.Difference)(nil); errors.As(err, &differ) {
				var why strings.Builder
				explain(&why, first, differ.First, differ.Second)
				err = fmt.Errorf("%w\n%s", err, why.String())
			}
			return err
		}}
	}
	return bazeltest.RunCases(ctx, w, cases...)
}

var allowed = regexp.MustCompile(`(?m)^Cpus_allowed_list:\s*(\d+)`)

// oneProcessor is a command that keeps what it runs to one of the processors that
// this program may use, of which the first need not be 0 in a container.
func oneProcessor() ([]string, error) {
	if err := bazeltest.Need("taskset", "util-linux"); err != nil {
		return nil, err
	}
	const name = "/proc/self/status"
	status, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	first := allowed.FindSubmatch(status)
	if first == nil {
		return nil, fmt.Errorf("read %s: no line begins with Cpus_allowed_list", name)
	}
	return []string{"taskset", "-c", string(first[1])}, nil
}
