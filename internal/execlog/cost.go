// SPDX-License-Identifier: Apache-2.0

package execlog

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Ours says whether an action is one of these rules', by its mnemonic.
func Ours(mnemonic string) bool {
	return mnemonic == "BpfObject" || mnemonic == "KbuildRequiredPrograms" ||
		strings.HasPrefix(mnemonic, "Kernel") || strings.HasPrefix(mnemonic, "Kheaders")
}

// A Cost is what the actions of one mnemonic take together.
type Cost struct {
	Mnemonic    string  `json:"mnemonic"`
	Actions     int     `json:"actions"`
	Hits        int     `json:"cache_hits"`
	Seconds     float64 `json:"seconds"` // of those that ran
	InputFiles  int64   `json:"input_files"`
	InputBytes  int64   `json:"input_bytes"`
	OutputBytes int64   `json:"output_bytes"`
}

// Costs sums the actions up that keep accepts, by mnemonic.
func Costs(spawns []Spawn, keep func(mnemonic string) bool) []Cost {
	by := map[string]*Cost{}
	for _, s := range spawns {
		if !keep(s.Mnemonic) {
			continue
		}
		c := by[s.Mnemonic]
		if c == nil {
			c = &Cost{Mnemonic: s.Mnemonic}
			by[s.Mnemonic] = c
		}
		c.Actions++
		if s.CacheHit {
			c.Hits++
		} else {
			c.Seconds += s.Wall.Seconds()
		}
		c.InputFiles += s.InputFiles
		c.InputBytes += s.InputBytes
		c.OutputBytes += s.OutputBytes
	}
	var all []Cost
	for _, m := range slices.Sorted(maps.Keys(by)) {
		all = append(all, *by[m])
	}
	return all
}

// Markdown writes costs as a table.
func Markdown(w io.Writer, costs []Cost) error {
	if _, err := fmt.Fprint(w, "| mnemonic | actions | cache hits | seconds | input files | input MB | output MB |\n|---|--:|--:|--:|--:|--:|--:|\n"); err != nil {
		return err
	}
	for _, c := range costs {
		if _, err := fmt.Fprintf(w, "| `%s` | %d | %d | %.1f | %d | %.1f | %.1f |\n",
			c.Mnemonic, c.Actions, c.Hits, c.Seconds, c.InputFiles, mb(c.InputBytes), mb(c.OutputBytes)); err != nil {
			return err
		}
	}
	return nil
}

func mb(n int64) float64 { return float64(n) / 1e6 }
