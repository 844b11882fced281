// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/bazeltest"
	"github.com/rules-kheaders/rules_kheaders/internal/execlog"
)

// The chain's results, from the kernel to the module and the eBPF program.
var chain = []string{
	"//examples/demo:placeholder",
	"//examples/demo:linux",
	"//examples/demo:archive",
	"//examples/demo:stamped",
	"//examples/demo:bzImage",
	"//examples/demo:archive_in_vmlinux",
	"//examples/demo:hello",
	"//tests/remote:bpf",
}

// behindTheKernel are the chain's actions but for the kernel's build.
var behindTheKernel = []string{
	"BpfObject", "KernelImage", "KernelModule",
	"KheadersExtract", "KheadersPack", "KheadersPlaceholder", "KheadersStamp", "KheadersUnpack",
}

// remotely are the flags by which every action runs on the server.
func remotely(s *server) []string {
	return []string{
		"--disk_cache=", "--remote_executor=" + s.Address, "--spawn_strategy=remote", "--noremote_local_fallback",
		"--remote_timeout=3600", "--jobs=4", everything,
	}
}

// everything has all outputs brought to this machine, and not only those asked for.
const everything = "--remote_download_outputs=all"

// elsewhere is a copy of the checkout in another directory, with an output base
// that is empty.
func (e *environment) elsewhere(name string) (bazeltest.Workspace, error) {
	b := bazeltest.Workspace{
		Dir:     filepath.Join(e.dir, name, "checkout"),
		Startup: []string{"--output_base=" + filepath.Join(e.dir, name, "base")},
	}
	return b, bazeltest.CopyCheckout(e.here.Dir, b.Dir)
}

// small builds the chain behind a kernel that is there.
func (e *environment) small() (errs []error) {
	s, err := newServer(filepath.Join(e.dir, "small"))
	if err != nil {
		return []error{e.report("start the server", err)}
	}
	defer func() {
		if err := s.stop(); err != nil {
			errs = append(errs, e.report("stop the server", err))
		}
	}()
	first, err := e.elsewhere("first")
	if err != nil {
		return []error{e.report("copy the checkout", err)}
	}
	defer first.Run("shutdown")
	var built []execlog.Spawn
	errs = append(errs, e.report("all of the chain behind the kernel on the server, with the bytes of the sandbox", func() (err error) {
		built, err = e.again(first, s)
		if err != nil {
			return err
		}
		if err := execlog.Markdown(e.out, execlog.Costs(built, execlog.Ours)); err != nil {
			return err
		}
		return allRan(built, []string{"remote"}, behindTheKernel...)
	}()))
	if errs[0] != nil {
		return errs
	}
	errs = append(errs, e.report("from another checkout and output base, all of that from the cache", func() error {
		second, err := e.elsewhere("second")
		if err != nil {
			return err
		}
		defer second.Run("shutdown")
		fetched, err := e.again(second, s)
		if err != nil {
			return err
		}
		return errors.Join(allRan(fetched, []string{"remote cache hit"}, behindTheKernel...), sameDigests(digests(built), digests(fetched)))
	}()))
	for _, k := range []struct {
		name, target string
		back         bool
	}{
		{"a server that is killed in mid-build and stays away: an error, and no output", "//tests/remote:killed", false},
		{"a server that is killed and restarted in mid-build: no bad output", "//tests/remote:restarted", true},
	} {
		errs = append(errs, e.report(k.name, e.killed(first, s, k.target, k.back)))
	}
	return errs
}

// again builds the chain by the ordinary means, takes away all that was made
// behind the kernel, and builds that on the server. The bytes must be the same.
func (e *environment) again(b bazeltest.Workspace, s *server) ([]execlog.Spawn, error) {
	// All files are fetched: what only the machine's cache had, the server would not find.
	if _, err := e.build(b, append([]string{everything}, chain...)...); err != nil {
		return nil, err
	}
	before, err := contents(b)
	if err != nil {
		return nil, err
	}
	out, err := b.Run("info", "bazel-bin")
	if err != nil {
		return nil, err
	}
	bin := strings.TrimSpace(string(out))
	for _, dir := range []string{"examples/demo", "tests/remote"} {
		entries, err := os.ReadDir(filepath.Join(bin, dir))
		if err != nil {
			return nil, err
		}
		for _, entry := range entries {
			if dir == "examples/demo" && entry.Name() == "linux" {
				continue
			}
			if err := bazeltest.RemoveAll(filepath.Join(bin, dir, entry.Name())); err != nil {
				return nil, err
			}
		}
	}
	spawns, err := e.build(b, append(remotely(s), chain...)...)
	if err != nil {
		return nil, err
	}
	after, err := contents(b)
	if err != nil {
		return nil, err
	}
	return spawns, sameDigests(before, after)
}

// contents are the digests of the chain's files.
func contents(b bazeltest.Workspace) (map[string]string, error) {
	files, err := b.Files(chain...)
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for _, f := range files {
		digest, err := bazeltest.Digest(f)
		if err != nil {
			return nil, err
		}
		all[filepath.Base(filepath.Dir(f))+"/"+filepath.Base(f)] = digest
	}
	if len(all) < len(chain) {
		return nil, fmt.Errorf("%d files of %d targets", len(all), len(chain))
	}
	return all, nil
}

// whole builds all of the chain on the server, and what builds it, the kernel too.
func (e *environment) whole() (errs []error) {
	store, runners := filepath.Join(e.dir, "whole"), []string{"remote"}
	if e.kept != "" {
		store, runners = e.kept, []string{"remote", "remote cache hit"}
	}
	s, err := newServer(store)
	if err != nil {
		return []error{e.report("start the server", err)}
	}
	defer func() {
		if err := s.stop(); err != nil {
			errs = append(errs, e.report("stop the server", err))
		}
	}()
	mnemonics := append([]string{"KbuildHostTools", "KernelBuild"}, behindTheKernel...)
	slices.Sort(mnemonics)
	var made [2]map[string]string
	var files [2]map[string]string
	for i, test := range []struct {
		name    string
		runners []string
	}{
		{"the whole chain and its tools, every action of it on the server", runners},
		{"another checkout and an empty output base: all of it from the cache", []string{"remote cache hit"}},
	} {
		err := e.report(test.name, func() error {
			b, err := e.elsewhere(fmt.Sprintf("whole-%d", i))
			if err != nil {
				return err
			}
			defer b.Run("shutdown")
			spawns, err := e.build(b, append(remotely(s), chain...)...)
			if err != nil {
				return err
			}
			if err := execlog.Markdown(e.out, execlog.Costs(spawns, execlog.Ours)); err != nil {
				return err
			}
			made[i] = digests(spawns)
			files[i], err = contents(b)
			return errors.Join(allRan(spawns, test.runners, mnemonics...), err)
		}())
		errs = append(errs, err)
		if err != nil {
			return errs
		}
	}
	return append(errs, e.report("both made the same, and what the sandbox makes", func() error {
		if err := sameDigests(made[0], made[1]); err != nil {
			return err
		}
		if _, err := e.build(e.here, chain...); err != nil {
			return err
		}
		here, err := contents(e.here)
		if err != nil {
			return err
		}
		if !maps.Equal(files[0], files[1]) {
			return errors.New("what was fetched differs from what was built")
		}
		return sameDigests(here, files[0])
	}()))
}
