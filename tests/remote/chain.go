// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/execlog"
	"github.com/rules-kheaders/rules_kheaders/tests/internal/bazeltest"
)

// The chain's results, from the kernel to the module and the eBPF program, and
// then what hangs on it: for each of our actions there is one that needs it.
var chain = []string{
	"//tests/remote:placeholder",
	"//examples/demo:linux",
	"//examples/demo:archive",
	"//examples/demo:stamped",
	"//examples/demo:bzImage",
	"//examples/demo:archive_in_vmlinux",
	"//examples/demo:hello",
	"//tests/remote:bpf",
	"//tests/remote:in_initramfs",
	"//tests/remote:stripped",
	"//tests/boot_images:v4",
	"//tests/adapters/kleaf:android13_symvers",
	"//tests/adapters/kleaf:android13_dist_headers",
	"//tests/adapters/kleaf:android13_system_dlkm",
	"//tests/adapters/prebuilt:archive",
	"//tests/consumers:gadget_by_made_tools",
	"//examples/linux_bzl:archive",
}

// short are the results on the way from a kernel to a module and an eBPF program.
var short = []string{
	"//examples/demo:archive",
	"//examples/demo:stamped",
	"//examples/demo:archive_in_vmlinux",
	"//examples/demo:hello",
	"//tests/remote:bpf",
}

// ofShort are the actions that make them.
var ofShort = []string{"BpfObject", "KernelModule", "KheadersExtract", "KheadersPack", "KheadersPlaceholder", "KheadersStamp", "KheadersUnpack", "KheadersVerify"}

// behindTheKernel are the chain's actions but for the kernel's build.
var behindTheKernel = []string{
	"BpfObject", "KernelImage", "KernelModule", "KernelModuleInstall",
	"KheadersBootImage", "KheadersExtract", "KheadersGather", "KheadersHostTools", "KheadersInitramfs", "KheadersPack",
	"KheadersPick", "KheadersPlaceholder", "KheadersPrepare", "KheadersRelease", "KheadersReplace", "KheadersStamp", "KheadersSymvers", "KheadersUnpack", "KheadersVerify",
}

// remotely are the flags by which every action runs on the server. Where that has
// a shell alone, what make runs is of a kbuild_toolchain.
func remotely(s *server) []string {
	flags := []string{
		"--disk_cache=", "--remote_executor=" + s.Address, "--spawn_strategy=remote", "--noremote_local_fallback",
		"--remote_timeout=3600", "--jobs=4", everything,
	}
	if s.image == shell {
		flags = append(flags, "--extra_toolchains=//tests/toolchain:root_toolchain")
	}
	return flags
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

// server starts a server with a store in dir, which is stopped at the end.
func (e *environment) server(dir string, image image) (*server, error) {
	s, err := newServer(dir, image)
	if err != nil {
		return nil, err
	}
	e.close = append(e.close, s.stop)
	return s, nil
}

// small builds what is short behind a kernel that is there.
func (e *environment) small() []bazeltest.Case {
	return []bazeltest.Case{{Name: "from a kernel to its module on the server, with the bytes of the sandbox", Run: func() error {
		s, err := e.server(filepath.Join(e.dir, "small"), machine)
		if err != nil {
			return err
		}
		spawns, err := e.again(e.here, s, short)
		if err != nil {
			return err
		}
		return allRan(spawns, []string{"remote"}, ofShort...)
	}}}
}

// behind builds all of the chain behind a kernel that is there.
func (e *environment) behind() []bazeltest.Case {
	var s *server
	var first bazeltest.Workspace
	var built []execlog.Spawn
	after := func(test func() error) func() error {
		return func() error {
			if built == nil {
				return errBefore
			}
			return test()
		}
	}
	return []bazeltest.Case{
		{Name: "all of the chain behind the kernel on the server, with the bytes of the sandbox", Run: func() (err error) {
			if s, err = e.server(filepath.Join(e.dir, "chain"), machine); err != nil {
				return err
			}
			if first, err = e.elsewhere("first"); err != nil {
				return err
			}
			e.close = append(e.close, func() error {
				_, err := first.Run("shutdown")
				return err
			})
			spawns, err := e.again(first, s, chain)
			if err != nil {
				return err
			}
			if err := execlog.Markdown(e.out, execlog.Costs(spawns, execlog.Ours)); err != nil {
				return err
			}
			if err := allRan(spawns, []string{"remote"}, behindTheKernel...); err != nil {
				return err
			}
			built = spawns
			return nil
		}},
		{Name: "from another checkout and output base, all of that from the cache", Run: after(func() error {
			second, err := e.elsewhere("second")
			if err != nil {
				return err
			}
			defer second.Run("shutdown")
			fetched, err := e.again(second, s, chain)
			if err != nil {
				return err
			}
			return errors.Join(allRan(fetched, []string{"remote cache hit"}, behindTheKernel...), sameDigests(digests(built), digests(fetched)))
		})},
		{Name: "a server that is killed in mid-build and stays away: an error, and no output", Run: after(func() error {
			return e.killed(first, s, "//tests/remote:killed", false)
		})},
		{Name: "a server that is killed and restarted in mid-build: no bad output", Run: after(func() error {
			return e.killed(first, s, "//tests/remote:restarted", true)
		})},
	}
}

// again builds targets by the ordinary means, takes away all that was made behind
// the kernel, and builds that on the server. The bytes must be the same.
func (e *environment) again(b bazeltest.Workspace, s *server, targets []string) ([]execlog.Spawn, error) {
	// All files are fetched: what only the machine's cache had, the server would not find.
	if _, err := e.build(b, append([]string{everything}, targets...)...); err != nil {
		return nil, err
	}
	before, err := contents(b, targets)
	if err != nil {
		return nil, err
	}
	out, err := b.Run("info", "bazel-bin")
	if err != nil {
		return nil, err
	}
	bin := strings.TrimSpace(string(out))
	for _, dir := range packages(targets) {
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
	spawns, err := e.build(b, append(remotely(s), targets...)...)
	if err != nil {
		return nil, err
	}
	after, err := contents(b, targets)
	if err != nil {
		return nil, err
	}
	return spawns, sameDigests(before, after)
}

// packages are the directories of labels, each once.
func packages(labels []string) []string {
	var dirs []string
	for _, label := range labels {
		dir, _, _ := strings.Cut(strings.TrimPrefix(label, "//"), ":")
		dirs = append(dirs, dir)
	}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}

// contents are the digests of the targets' files.
func contents(b bazeltest.Workspace, targets []string) (map[string]string, error) {
	files, err := b.Files(targets...)
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
	if len(all) < len(targets) {
		return nil, fmt.Errorf("%d files of %d targets", len(all), len(targets))
	}
	return all, nil
}

// whole builds all of the chain on a server that has a shell alone, and what builds
// it, the kernel too. Nothing of where that is should show: the server's user and host
// are others, and so are locale, time zone and time; this machine has compilers.
func (e *environment) whole() []bazeltest.Case {
	store, runners := filepath.Join(e.dir, "whole"), []string{"remote"}
	if e.kept != "" {
		store, runners = e.kept, []string{"remote", "remote cache hit"}
	}
	mnemonics := append([]string{"KbuildRequiredPrograms", "KernelBuild"}, behindTheKernel...)
	slices.Sort(mnemonics)
	// What a build made: of all actions' outputs and of the chain's files, the digests.
	type result struct{ outputs, files map[string]string }
	var s *server
	var first, second *result
	build := func(name string, runners []string) (*result, error) {
		b, err := e.elsewhere(name)
		if err != nil {
			return nil, err
		}
		defer b.Run("shutdown")
		spawns, err := e.build(b, slices.Concat(remotely(s), bazeltest.AnotherEnvironment, chain)...)
		if err != nil {
			return nil, err
		}
		if err := execlog.Markdown(e.out, execlog.Costs(spawns, execlog.Ours)); err != nil {
			return nil, err
		}
		files, err := contents(b, chain)
		if err := errors.Join(err, allRan(spawns, runners, mnemonics...)); err != nil {
			return nil, err
		}
		return &result{digests(spawns), files}, nil
	}
	return []bazeltest.Case{
		{Name: "the whole chain and its tools, every action of it on a server that has a shell alone", Run: func() (err error) {
			if s, err = e.server(store, shell); err != nil {
				return err
			}
			first, err = build("whole", runners)
			return err
		}},
		{Name: "another checkout and an empty output base: all of it from the cache", Run: func() (err error) {
			if first == nil {
				return errBefore
			}
			second, err = build("whole-again", []string{"remote cache hit"})
			return err
		}},
		{Name: "both made the same, and what the sandbox makes with the programs of this machine", Run: func() error {
			if second == nil {
				return errBefore
			}
			if _, err := e.build(e.here, chain...); err != nil {
				return err
			}
			here, err := contents(e.here, chain)
			if err != nil {
				return err
			}
			return errors.Join(sameDigests(first.outputs, second.outputs), sameDigests(first.files, second.files), sameDigests(here, first.files))
		}},
	}
}
