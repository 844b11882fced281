// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/bench/internal/bench"
)

// The table in docs/archive.md is between these lines.
const begin, end = "<!-- begin: //bench:pack -->\n", "<!-- end -->\n"

var uses = map[string]string{
	"default":  "most kernels",
	"smallest": "kernel memory for build time",
	"fast":     "tests, and edits that are tried out",
}

// table returns the figures of the presets, which are ratios to gen_kheaders.sh: of the
// headers alone, and the bytes of profile module too.
func table(figures []bench.Figure) string {
	value := make(map[string]float64)
	for _, f := range figures {
		value[f.Name] = f.Value
	}
	var b strings.Builder
	b.WriteString("| `preset` | bytes | wall time | bytes of profile `module` | what it is for |\n|---|--:|--:|--:|---|\n")
	for _, p := range presets {
		module := "–" // is not measured
		if v, ok := value["module_"+p+"_bytes_ratio"]; ok {
			module = fmt.Sprintf("%.3f", v)
		}
		fmt.Fprintf(&b, "| `%s` | %.3f | %.3f | %s | %s |\n", p, value[p+"_bytes_ratio"], value[p+"_wall_ratio"], module, uses[p])
	}
	return b.String()
}

// writeTable puts the figures of a report into a document.
func writeTable(path string, r *bench.Report) error {
	doc, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if doc, err = replaceTable(doc, table(r.Figures)); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return os.WriteFile(path, doc, 0o644)
}

// replaceTable puts a table in the place of a document's.
func replaceTable(doc []byte, table string) ([]byte, error) {
	head, rest, ok := bytes.Cut(doc, []byte(begin))
	_, tail, ok2 := bytes.Cut(rest, []byte(end))
	if !ok || !ok2 {
		return nil, fmt.Errorf("find the table: expected it between %q and %q", strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	return bytes.Join([][]byte{head, []byte(begin), []byte(table), []byte(end), tail}, nil), nil
}
