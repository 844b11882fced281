// SPDX-License-Identifier: Apache-2.0

// Toolchain tests kbuild_toolchain by Bazel itself: what actions name in the action
// graph and open where a kernel is built, what they make where the machine's /usr is
// shut, and what they say of programs that are not there.
// Start it by `tools/bazel run //tests/toolchain`; with `-- --cost 3` it measures.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/cli"
	"github.com/rules-kheaders/rules_kheaders/tests/internal/bazeltest"
)

func main() { os.Exit(bazeltest.Main("toolchain", run)) }

// The actions that run programs.
var (
	runs     = []string{"BpfObject", "KernelBuild", "KernelImage", "KernelModule", "KernelModuleInstall", "KheadersHostTools", "KheadersPrepare"}
	programs = "^(" + strings.Join(runs, "|") + ")$"
)

func run(ctx context.Context, args []string, w io.Writer) error {
	fs := cli.NewFlags()
	measure := fs.Int("cost", 0, "in place of the tests, print what the actions take, the fastest of `N` rounds")
	kernel := fs.Bool("kernel", false, "with --cost, of a kernel's build alone")
	rest, err := cli.Parse(fs, args)
	if err != nil {
		return err
	}
	if len(rest) > 0 || *measure < 0 || *kernel && *measure == 0 {
		return cli.Usagef("arguments are %q: expected none, or --cost N with N of 1 or more, and --kernel with that alone", args)
	}
	bazel, err := bazeltest.Here(ctx)
	if err != nil {
		return err
	}
	if *measure > 0 {
		return cost(bazel, *measure, *kernel, w)
	}
	return bazeltest.RunCases(ctx, w,
		bazeltest.Case{Name: "with a root no action names anything of the machine (aquery)", Run: func() error { return names(bazel, "root", "root.tar") }},
		bazeltest.Case{Name: "with programs no action names anything of the machine (aquery)", Run: func() error { return names(bazel, "programs", "bin/make") }},
		bazeltest.Case{Name: "with a root KernelBuild starts and opens nothing of the machine (strace)", Run: func() error { return traced(bazel, w) }},
		bazeltest.Case{Name: "missing programs are one error", Run: func() error { return missing(bazel) }},
		bazeltest.Case{Name: "each kind makes what the machine makes, and a root needs nothing of /usr", Run: func() error { return same(bazel) }},
	)
}

func with(kind string) string {
	return "--extra_toolchains=//tests/toolchain:" + kind + "_toolchain"
}

// graph is what of `aquery --output=jsonproto` is read here
// (src/main/protobuf/analysis_v2.proto): depsets and paths nest.
type graph struct {
	Actions []struct {
		Mnemonic       string            `json:"mnemonic"`
		Arguments      []string          `json:"arguments"`
		Environment    []json.RawMessage `json:"environmentVariables"`
		InputDepSetIDs []uint32          `json:"inputDepSetIds"`
	} `json:"actions"`
	Artifacts []struct {
		ID             uint32 `json:"id"`
		PathFragmentID uint32 `json:"pathFragmentId"`
	} `json:"artifacts"`
	DepSetOfFiles []struct {
		ID                  uint32   `json:"id"`
		DirectArtifactIDs   []uint32 `json:"directArtifactIds"`
		TransitiveDepSetIDs []uint32 `json:"transitiveDepSetIds"`
	} `json:"depSetOfFiles"`
	PathFragments []struct {
		ID       uint32 `json:"id"`
		Label    string `json:"label"`
		ParentID uint32 `json:"parentId"`
	} `json:"pathFragments"`
}

// inputs are the paths of an action's inputs.
func (g graph) inputs(ids []uint32) []string {
	label, parent := map[uint32]string{}, map[uint32]uint32{}
	for _, f := range g.PathFragments {
		label[f.ID], parent[f.ID] = f.Label, f.ParentID
	}
	fragment := map[uint32]uint32{}
	for _, a := range g.Artifacts {
		fragment[a.ID] = a.PathFragmentID
	}
	direct, nested := map[uint32][]uint32{}, map[uint32][]uint32{}
	for _, d := range g.DepSetOfFiles {
		direct[d.ID], nested[d.ID] = d.DirectArtifactIDs, d.TransitiveDepSetIDs
	}
	var paths []string
	seen := map[uint32]bool{}
	var collect func(id uint32)
	collect = func(id uint32) {
		if seen[id] {
			return
		}
		seen[id] = true
		for _, a := range direct[id] {
			path := ""
			for f := fragment[a]; f != 0; f = parent[f] {
				path = "/" + label[f] + path
			}
			paths = append(paths, strings.TrimPrefix(path, "/"))
		}
		for _, n := range nested[id] {
			collect(n)
		}
	}
	for _, id := range ids {
		collect(id)
	}
	return paths
}

// names looks at the actions that run programs: their environment is empty, their
// arguments have no absolute path, and the toolchain is an input where what the
// machine has is none.
func names(bazel bazeltest.Workspace, kind, file string) error {
	text, err := bazel.Run("aquery", with(kind), "--output=jsonproto", fmt.Sprintf("mnemonic('%s', deps(%s))", programs,
		"//examples/demo + //examples/linux_bzl:hello + //tests/remote:bpf + //tests/toolchain:stripped"))
	if err != nil {
		return err
	}
	var g graph
	if err := json.Unmarshal(text, &g); err != nil {
		return fmt.Errorf("read aquery's answer: %w", err)
	}
	var seen []string
	for _, a := range g.Actions {
		seen = append(seen, a.Mnemonic)
		if len(a.Environment) > 0 {
			return fmt.Errorf("the environment of %s is %s, want none", a.Mnemonic, a.Environment)
		}
		for _, argument := range a.Arguments {
			if strings.HasPrefix(argument, "/") || strings.Contains(argument, "=/") {
				return fmt.Errorf("an argument of %s is %s, want no path of the machine", a.Mnemonic, argument)
			}
		}
		inputs := g.inputs(a.InputDepSetIDs)
		if !slices.ContainsFunc(inputs, func(path string) bool { return strings.HasSuffix(path, "/"+file) }) {
			return fmt.Errorf("%s has no input %s", a.Mnemonic, file)
		}
		if i := slices.IndexFunc(inputs, func(path string) bool { return strings.Contains(path, "/rules/kbuild/") }); i >= 0 {
			return fmt.Errorf("%s reads %s, which the machine's programs are in", a.Mnemonic, inputs[i])
		}
	}
	slices.Sort(seen)
	if seen = slices.Compact(seen); !slices.Equal(seen, runs) {
		return fmt.Errorf("the graph has %s, want all of %s", seen, runs)
	}
	return nil
}

// traced builds the demo's kernel below strace, which fails where a program or a file
// of the machine's is opened.
func traced(bazel bazeltest.Workspace, w io.Writer) error {
	var log bytes.Buffer
	bazel.Log = &log
	if _, err := bazel.Run("build", with("root"), with("traced"), "//examples/demo:linux"); err != nil {
		return err
	}
	summaries := 0
	for line := range strings.Lines(log.String()) {
		if strings.HasPrefix(line, "traced: ") {
			summaries++
			fmt.Fprint(w, line)
		}
	}
	if summaries == 0 {
		return fmt.Errorf("no action was traced: %s", log.String())
	}
	return nil
}

// missing builds with programs of which two are left out.
func missing(bazel bazeltest.Workspace) error {
	_, err := bazel.Run("build", with("few"), "//tests/toolchain:stripped")
	if err == nil {
		return fmt.Errorf("a module was built without make")
	}
	const want = "tests/toolchain:few lacks make, sed, which the build needs; add them there (Debian's packages: make sed)"
	if !strings.Contains(err.Error(), want) {
		return fmt.Errorf("the error has no %q: %w", want, err)
	}
	return nil
}

// same builds a module, host tools and an eBPF object by each kind of toolchain, and
// compares them with what the machine's own programs make. With a root the sandbox
// has an empty /usr. The requirement that is added has no meaning, and makes other
// actions of them, which no cache has.
func same(bazel bazeltest.Workspace) error {
	targets := []string{"//tests/toolchain:stripped", "//tests/toolchain:bpf"}
	digests := func(flags ...string) ([]string, error) {
		b := bazel
		b.Flags = flags
		if _, err := b.Run(append([]string{"build"}, targets...)...); err != nil {
			return nil, err
		}
		files, err := b.Files(targets...)
		if err != nil {
			return nil, err
		}
		slices.Sort(files)
		var all []string
		for _, f := range files {
			digest, err := bazeltest.Digest(f)
			if err != nil {
				return nil, err
			}
			all = append(all, digest)
		}
		return all, nil
	}
	machine, err := digests()
	if err != nil {
		return err
	}
	for _, kind := range []string{"root", "directory", "programs"} {
		flags := []string{with(kind), "--modify_execution_info=" + programs + "=+no-cache," + programs + "=+test-of-" + kind}
		if kind != "programs" {
			flags = append(flags, "--sandbox_block_path=/usr")
		}
		got, err := digests(flags...)
		if err != nil {
			return err
		}
		if !slices.Equal(machine, got) {
			return fmt.Errorf("%s: the machine makes %s, and %s %s", targets, machine, kind, got)
		}
	}
	return nil
}
