// SPDX-License-Identifier: Apache-2.0

// Remote builds the demo's chain on a remote execution server and with an HTTP
// cache, both of which it starts on this machine and ends. Start it by
// `tools/bazel run //tests/remote`, with `-- webdav mapping small` for those tests
// alone. The last, `whole`, compiles Go and a kernel anew on the server, unless
// `-store DIR` keeps what it has made for the next time.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/bazeltest"
	"github.com/rules-kheaders/rules_kheaders/internal/execlog"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "remote: %v\n", err)
		os.Exit(1)
	}
}

// An environment is what the tests share.
type environment struct {
	here bazeltest.Workspace // the checkout, with its ordinary output base and cache
	dir  string              // of this run
	kept string              // the server's store, if it is kept
	out  io.Writer
}

// A group is tests that are run together.
type group struct {
	name string
	run  func(*environment) []error
}

var groups = []group{
	{"webdav", one("an HTTP cache: what was built once is fetched", (*environment).webdav)},
	{"mapping", one("with path mapping, one archive for two configurations is one action", (*environment).mapping)},
	{"small", (*environment).small},
	{"whole", (*environment).whole},
}

func run(args []string, w io.Writer) (err error) {
	fs := flag.NewFlagSet("remote", flag.ContinueOnError)
	kept := fs.String("store", "", "keep the server's store in `DIR`: what it holds is not built again")
	if err := fs.Parse(args); err != nil {
		return err
	}
	args = fs.Args()
	for _, a := range args {
		if !slices.ContainsFunc(groups, func(g group) bool { return g.name == a }) {
			return fmt.Errorf("argument %q: expected some of webdav, mapping, small, whole", a)
		}
	}
	here, err := bazeltest.Here()
	if err != nil {
		return err
	}
	dir, err := bazeltest.TempDir("remote")
	if err != nil {
		return err
	}
	e := &environment{here: here, dir: dir, out: w}
	if *kept != "" {
		if e.kept, err = filepath.Abs(*kept); err != nil {
			return err
		}
	}
	defer func() { err = errors.Join(err, bazeltest.RemoveAll(dir)) }()
	passed, failed := 0, 0
	for _, g := range groups {
		if len(args) > 0 && !slices.Contains(args, g.name) {
			continue
		}
		for _, err := range g.run(e) {
			if err != nil {
				failed++
			} else {
				passed++
			}
		}
	}
	fmt.Fprintf(w, "%d passed, %d failed\n", passed, failed)
	if failed > 0 {
		return fmt.Errorf("%d of %d failed", failed, passed+failed)
	}
	return nil
}

// one is a group of one test.
func one(name string, test func(*environment) error) func(*environment) []error {
	return func(e *environment) []error { return []error{e.report(name, test(e))} }
}

// report says how a test has ended.
func (e *environment) report(name string, err error) error {
	if err != nil {
		fmt.Fprintf(e.out, "FAIL %s: %v\n", name, err)
	} else {
		fmt.Fprintf(e.out, "PASS %s\n", name)
	}
	return err
}

// build builds with an execution log and returns our actions of it.
func (e *environment) build(b bazeltest.Workspace, args ...string) ([]execlog.Spawn, error) {
	log := filepath.Join(e.dir, "execution.json")
	args = append([]string{"build", "--experimental_convenience_symlinks=ignore", "--execution_log_json_file=" + log}, args...)
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
// each action is one of those.
func allRan(spawns []execlog.Spawn, runners []string, mnemonics ...string) error {
	var got []string
	for _, s := range spawns {
		got = append(got, s.Mnemonic)
		if !slices.Contains(runners, s.Runner) {
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
