// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/execlog"
	"github.com/rules-kheaders/rules_kheaders/tests/internal/bazeltest"
)

// cost prints what each action that runs programs takes with the machine's, which
// are no inputs, and by each kind of toolchain, one after the other in each round, as
// Bazel's execution log has it: with the staging of inputs.
func cost(bazel bazeltest.Workspace, rounds int, kernel bool, w io.Writer) error {
	dir, err := bazeltest.TempDir("cost")
	if err != nil {
		return err
	}
	defer bazeltest.RemoveAll(dir)
	kinds, targets := []string{"machine", "directory", "root", "programs"}, []string{"//tests/toolchain:stripped", "//tests/toolchain:bpf"}
	if kernel {
		// Some minutes each: a root as a directory is what builds on one machine have.
		kinds, targets = []string{"machine", "directory"}, []string{"//examples/demo:bzImage"}
	}
	// What these are made from is there before.
	if _, err := bazel.Run(append([]string{"build"}, targets...)...); err != nil {
		return err
	}
	seconds := map[string]map[string][]float64{}
	input := map[string]map[string]int64{}
	for round := range rounds {
		for _, kind := range kinds {
			log := filepath.Join(dir, "log.json")
			// A requirement that has no meaning makes another action, which no cache has.
			args := []string{"build", "--execution_log_json_file=" + log, fmt.Sprintf("--modify_execution_info=%s=+no-cache,%s=+cost-%s-%d", programs, programs, kind, round)}
			if kind != "machine" {
				args = append(args, with(kind))
			}
			if _, err := bazel.Run(append(args, targets...)...); err != nil {
				return err
			}
			spawns, err := execlog.ReadFile(log)
			if err != nil {
				return err
			}
			for _, s := range spawns {
				if !slices.Contains(runs, s.Mnemonic) {
					continue
				}
				if s.CacheHit {
					return fmt.Errorf("%s of %s was not run but cached", s.Mnemonic, s.Target)
				}
				if seconds[s.Mnemonic] == nil {
					seconds[s.Mnemonic], input[s.Mnemonic] = map[string][]float64{}, map[string]int64{}
				}
				seconds[s.Mnemonic][kind] = append(seconds[s.Mnemonic][kind], s.Wall.Seconds())
				input[s.Mnemonic][kind] = s.InputBytes
			}
			if err := os.Remove(log); err != nil {
				return err
			}
		}
	}
	fmt.Fprintf(w, "| action | programs of | seconds | to the machine's | input MB |\n|---|---|--:|--:|--:|\n")
	for _, mnemonic := range runs {
		for _, kind := range kinds {
			all := seconds[mnemonic][kind]
			if len(all) == 0 {
				continue
			}
			// The fastest: what others do on the machine only adds.
			fastest, machine := slices.Min(all), slices.Min(seconds[mnemonic]["machine"])
			fmt.Fprintf(w, "| `%s` | %s | %.1f | %.2f | %.1f |\n", mnemonic, strings.ReplaceAll(kind, "root", "root.tar"), fastest, fastest/machine, float64(input[mnemonic][kind])/1e6)
		}
	}
	return nil
}
