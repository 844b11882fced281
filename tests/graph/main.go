// SPDX-License-Identifier: Apache-2.0

// Graph tests the action graph of the demo: no way leads from the archive back
// into the kernel's build, and what goes into the archive can change without it.
// Start it by `tools/bazel run //tests/graph`.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/tests/internal/bazeltest"
)

func main() { os.Exit(bazeltest.Main("graph", run)) }

func run(ctx context.Context, _ []string, w io.Writer) error {
	bazel, err := bazeltest.Here(ctx)
	if err != nil {
		return err
	}
	return bazeltest.RunCases(ctx, w,
		bazeltest.Case{Name: "no way from the archive into the kernel's build (aquery)", Run: func() error { return noWayBack(bazel) }},
		bazeltest.Case{Name: "what runs an archive's code has no network, and what signs stays here (aquery)", Run: func() error { return requirements(bazel) }},
		bazeltest.Case{Name: "an added header re-runs pack, stamp and image alone", Run: func() error { return rerun(bazel, "header") }},
		bazeltest.Case{Name: "another profile re-runs pack, stamp and image alone", Run: func() error { return rerun(bazel, "profile") }},
	)
}

// actionGraph is what of `aquery --output=jsonproto` is read here
// (src/main/protobuf/analysis_v2.proto): depsets nest.
type actionGraph struct {
	Actions []struct {
		Mnemonic       string     `json:"mnemonic"`
		InputDepSetIDs []uint32   `json:"inputDepSetIds"`
		OutputIDs      []uint32   `json:"outputIds"`
		Arguments      []string   `json:"arguments"`
		ExecutionInfo  []keyValue `json:"executionInfo"`
	} `json:"actions"`
	DepSetOfFiles []struct {
		ID                  uint32   `json:"id"`
		DirectArtifactIDs   []uint32 `json:"directArtifactIds"`
		TransitiveDepSetIDs []uint32 `json:"transitiveDepSetIds"`
	} `json:"depSetOfFiles"`
}

type keyValue struct {
	Key string `json:"key"`
}

// noWayBack walks from the outputs of KheadersPack along the actions that read
// them, and what these make, and must not come to KernelBuild.
func noWayBack(bazel bazeltest.Workspace) error {
	text, err := bazel.Run("aquery", "--output=jsonproto", "deps(//examples/demo)")
	if err != nil {
		return err
	}
	var graph actionGraph
	if err := json.Unmarshal(text, &graph); err != nil {
		return fmt.Errorf("read aquery's answer: %w", err)
	}
	direct, nested := map[uint32][]uint32{}, map[uint32][]uint32{}
	for _, d := range graph.DepSetOfFiles {
		direct[d.ID], nested[d.ID] = d.DirectArtifactIDs, d.TransitiveDepSetIDs
	}
	var collect func(id uint32, seen map[uint32]bool, into map[uint32]bool)
	collect = func(id uint32, seen, into map[uint32]bool) {
		if seen[id] {
			return
		}
		seen[id] = true
		for _, a := range direct[id] {
			into[a] = true
		}
		for _, n := range nested[id] {
			collect(n, seen, into)
		}
	}
	inputs := make([]map[uint32]bool, len(graph.Actions))
	reached := map[uint32]bool{} // artifacts made from the archive
	count := map[string]int{}
	for i, a := range graph.Actions {
		inputs[i] = map[uint32]bool{}
		seen := map[uint32]bool{}
		for _, id := range a.InputDepSetIDs {
			collect(id, seen, inputs[i])
		}
		count[a.Mnemonic]++
		if a.Mnemonic == "KheadersPack" {
			for _, o := range a.OutputIDs {
				reached[o] = true
			}
		}
	}
	for _, m := range []string{"KernelBuild", "KheadersPack", "KheadersStamp", "KernelImage", "KernelModule"} {
		if count[m] == 0 {
			return fmt.Errorf("the graph has no %s action, so it shows nothing", m)
		}
	}
	visited := map[string]bool{}
	for changed := true; changed; {
		changed = false
		for i, a := range graph.Actions {
			for in := range inputs[i] {
				if !reached[in] {
					continue
				}
				visited[a.Mnemonic] = true
				for _, o := range a.OutputIDs {
					if !reached[o] {
						reached[o], changed = true, true
					}
				}
			}
		}
	}
	if visited["KernelBuild"] {
		return fmt.Errorf("KernelBuild reads something that was made from the archive")
	}
	for _, m := range []string{"KheadersStamp", "KernelImage", "KernelModule"} {
		if !visited[m] {
			return fmt.Errorf("%s does not depend on the archive, so the walk shows nothing", m)
		}
	}
	return nil
}

// requirements looks at the actions' own execution requirements, which hold in a
// workspace whose sandbox has a network, and with a remote executor.
func requirements(bazel bazeltest.Workspace) error {
	want := map[string][]string{
		"KernelModule":        {"block-network"},
		"KheadersHostTools":   {"block-network"},
		"KernelModuleInstall": {"block-network", "no-remote"},
	}
	text, err := bazel.Run("aquery", "--output=jsonproto", `mnemonic("KernelModule(Install)?|KheadersHostTools", //tests/carriers/... + //tests/consumers/...)`)
	if err != nil {
		return err
	}
	var graph actionGraph
	if err := json.Unmarshal(text, &graph); err != nil {
		return fmt.Errorf("read aquery's answer: %w", err)
	}
	seen := map[string]bool{}
	for _, a := range graph.Actions {
		signs := slices.Contains(a.Arguments, "--sign-file")
		for _, requirement := range want[a.Mnemonic] {
			if a.Mnemonic == "KernelModuleInstall" && requirement == "no-remote" && !signs {
				continue
			}
			if !slices.ContainsFunc(a.ExecutionInfo, func(i keyValue) bool { return i.Key == requirement }) {
				return fmt.Errorf("an action %s has no %s", a.Mnemonic, requirement)
			}
			seen[a.Mnemonic+" "+requirement] = true
		}
	}
	for mnemonic, all := range want {
		for _, requirement := range all {
			if !seen[mnemonic+" "+requirement] {
				return fmt.Errorf("there is no action %s that needs %s, so this shows nothing", mnemonic, requirement)
			}
		}
	}
	return nil
}

// rerun builds the image, then again with another content of the archive, and
// looks at which actions ran.
func rerun(bazel bazeltest.Workspace, variant string) error {
	dir, err := os.MkdirTemp("", "graph-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	events := filepath.Join(dir, "events.json")
	const target = "//tests/graph:bzImage"
	if _, err := bazel.Run("build", target); err != nil {
		return err
	}
	// An action whose result comes out of a disk cache has its event too. Turning
	// the cache off would also re-run the kernel's build wherever its outputs had
	// stayed in there.
	if _, err := bazel.Run("build", "--//tests/graph:variant="+variant, "--build_event_publish_all_actions",
		"--build_event_json_file="+events, target); err != nil {
		return err
	}
	text, err := os.ReadFile(events)
	if err != nil {
		return err
	}
	ran, err := mnemonics(text)
	if err != nil {
		return err
	}
	if want := []string{"KernelImage", "KheadersPack", "KheadersStamp", "KheadersVerify"}; !slices.Equal(ran, want) {
		return fmt.Errorf("these ran: %s; want %s", strings.Join(ran, ", "), strings.Join(want, ", "))
	}
	return nil
}

// mnemonics lists the kinds of action that a build's events name, without those
// that only Bazel itself does.
func mnemonics(events []byte) ([]string, error) {
	var ran []string
	lines := bufio.NewScanner(bytes.NewReader(events))
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var event struct {
			ID struct {
				ActionCompleted *struct{} `json:"actionCompleted"`
			} `json:"id"`
			Action struct {
				Type string `json:"type"`
			} `json:"action"`
		}
		if err := json.Unmarshal(lines.Bytes(), &event); err != nil {
			return nil, fmt.Errorf("read the build's events: %w", err)
		}
		if event.ID.ActionCompleted != nil && strings.HasPrefix(event.Action.Type, "K") {
			ran = append(ran, event.Action.Type)
		}
	}
	slices.Sort(ran)
	return slices.Compact(ran), lines.Err()
}
