// SPDX-License-Identifier: Apache-2.0

// Remote builds the demo's chain on a remote execution server and with an HTTP
// cache, both of which it starts on this machine and ends. It is a test, `tools/bazel
// test //tests/remote:all`, and a program, `tools/bazel run //tests/remote`, which
// has the outputs of earlier builds. `-- webdav mapping small` is those tests alone
// (--test_arg=small). `chain` runs every action after the kernel. The last, `whole`,
// compiles Go and a kernel again on the server, unless `-store DIR` keeps its results
// for the next time.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/execlog"
	"github.com/rules-kheaders/rules_kheaders/tests/internal/bazeltest"
)

func main() { os.Exit(bazeltest.Main("remote", run)) }

// An environment is what the tests share.
type environment struct {
	here  bazeltest.Workspace // the checkout, with its ordinary output base and cache
	dir   string              // of this run
	kept  string              // the server's store, if it is kept
	out   io.Writer
	close []func() error // what is to be done at the end, the last first
}

// A group is tests that are run together, in their order: one may need what
// those before it have made.
type group struct {
	name  string
	cases func(*environment) []bazeltest.Case
}

var groups = []group{
	{"webdav", func(e *environment) []bazeltest.Case {
		return []bazeltest.Case{{Name: "an HTTP cache: what was built once is fetched", Run: e.webdav}}
	}},
	{"mapping", func(e *environment) []bazeltest.Case {
		return []bazeltest.Case{{Name: "with path mapping, one archive for two configurations is one action", Run: e.mapping}}
	}},
	{"small", (*environment).small},
	{"chain", (*environment).behind},
	{"whole", (*environment).whole},
}

// errBefore is of a test that has not got what another was to make.
var errBefore = errors.New("not tried: a test before it failed")

func run(ctx context.Context, args []string, w io.Writer) error {
	fs := flag.NewFlagSet("remote", flag.ContinueOnError)
	kept := fs.String("store", "", "keep the server's store in `DIR`: what it holds is not built again")
	if err := fs.Parse(args); err != nil {
		return err
	}
	here, err := bazeltest.Here(ctx)
	if err != nil {
		return err
	}
	return test(here, *kept, fs.Args(), w)
}

// test runs the groups of these names, or all. The server's store is kept if that
// names a directory.
func test(here bazeltest.Workspace, kept string, names []string, w io.Writer) (err error) {
	for _, a := range names {
		if !slices.ContainsFunc(groups, func(g group) bool { return g.name == a }) {
			return fmt.Errorf("argument %q: expected some of webdav, mapping, small, chain, whole", a)
		}
	}
	dir, err := bazeltest.TempDir("remote")
	if err != nil {
		return err
	}
	e := &environment{here: here, dir: dir, out: w}
	if kept != "" {
		if e.kept, err = filepath.Abs(kept); err != nil {
			return err
		}
	}
	defer func() {
		for _, end := range slices.Backward(e.close) {
			err = errors.Join(err, end())
		}
		err = errors.Join(err, bazeltest.RemoveAll(dir))
	}()
	var cases []bazeltest.Case
	for _, g := range groups {
		if len(names) == 0 || slices.Contains(names, g.name) {
			cases = append(cases, g.cases(e)...)
		}
	}
	return bazeltest.RunCases(here.Context, w, cases...)
}

// build builds with an execution log and returns our actions of it.
func (e *environment) build(b bazeltest.Workspace, args ...string) ([]execlog.Spawn, error) {
	log := filepath.Join(e.dir, "execution.json")
	args = append([]string{"build", "--experimental_convenience_symlinks=ignore", "--execution_log_json_file=" + log}, args...)
	b.Context = e.here.Context
	if _, err := b.Run(args...); err != nil {
		return nil, err
	}
	all, err := execlog.ReadFile(log)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(s execlog.Spawn) bool { return !execlog.Ours(s.Mnemonic) }), nil
}

// allRan fails unless the mnemonics are what was expected, and the runner of
// each action is one of those. KbuildRequiredPrograms, which says what a machine has, is
// never taken from the cache.
func allRan(spawns []execlog.Spawn, runners []string, mnemonics ...string) error {
	var got []string
	for _, s := range spawns {
		got = append(got, s.Mnemonic)
		if !slices.Contains(runners, s.Runner) && (s.Mnemonic != "KbuildRequiredPrograms" || s.Runner != "remote") {
			return fmt.Errorf("%s of %s: runner %q, want %s", s.Mnemonic, s.Target, s.Runner, strings.Join(runners, " or "))
		}
	}
	slices.Sort(got)
	got = slices.Compact(got)
	if !slices.Equal(got, mnemonics) {
		return fmt.Errorf("these ran: %s; want %s", strings.Join(got, ", "), strings.Join(mnemonics, ", "))
	}
	return nil
}

// digests are the outputs of actions, by their path.
func digests(spawns []execlog.Spawn) map[string]string {
	all := map[string]string{}
	for _, s := range spawns {
		for _, o := range s.Outputs {
			all[o.Path] = o.Digest
		}
	}
	return all
}

// sameDigests fails unless both have the same files with the same content.
func sameDigests(a, b map[string]string) error {
	if len(a) == 0 || len(a) != len(b) {
		return fmt.Errorf("%d outputs and %d, want the same number", len(a), len(b))
	}
	for path, digest := range a {
		if b[path] != digest {
			return fmt.Errorf("%s: sha256 %s and %q differ", path, digest, b[path])
		}
	}
	return nil
}
