// SPDX-License-Identifier: Apache-2.0

// Package execlog reads what Bazel's --execution_log_json_file tells: which
// actions ran where, for how long, over how many bytes.
package execlog

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/rules-kheaders/rules_kheaders/internal/cli/infile"
)

// A Spawn is one action that was run, or whose result came out of a cache.
type Spawn struct {
	Mnemonic string
	Target   string
	Runner   string // "remote", "remote cache hit", "disk cache hit", "linux-sandbox"
	CacheHit bool

	Outputs     []Output
	InputFiles  int64
	InputBytes  int64
	OutputBytes int64
	Wall        time.Duration // as Bazel saw it, queue and transfers included
}

// An Output is one file of an action.
type Output struct{ Path, Digest string }

// spawn is what of SpawnExec is read here (src/main/protobuf/spawn.proto, as
// protobuf writes JSON: 64-bit numbers and durations are strings).
type spawn struct {
	Mnemonic      string `json:"mnemonic"`
	TargetLabel   string `json:"targetLabel"`
	Runner        string `json:"runner"`
	CacheHit      bool   `json:"cacheHit"`
	ActualOutputs []struct {
		Path   string `json:"path"`
		Digest struct {
			Hash      string `json:"hash"`
			SizeBytes number `json:"sizeBytes"`
		} `json:"digest"`
	} `json:"actualOutputs"`
	Metrics struct {
		TotalTime  string `json:"totalTime"`
		InputBytes number `json:"inputBytes"`
		InputFiles number `json:"inputFiles"`
	} `json:"metrics"`
}

type number int64

func (n *number) UnmarshalJSON(p []byte) error {
	var text string
	if err := json.Unmarshal(p, &text); err != nil {
		return err
	}
	v, err := strconv.ParseInt(text, 10, 64)
	*n = number(v)
	return err
}

// Read reads a log: one JSON object after the other.
func Read(r io.Reader) ([]Spawn, error) {
	var all []Spawn
	for d := json.NewDecoder(r); ; {
		var from spawn
		err := d.Decode(&from)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read the execution log's entry %d: %w", len(all)+1, err)
		}
		if from.Mnemonic == "" {
			return nil, fmt.Errorf("read the execution log's entry %d: it has no mnemonic; want what --execution_log_json_file writes", len(all)+1)
		}
		s := Spawn{
			Mnemonic: from.Mnemonic, Target: from.TargetLabel, Runner: from.Runner, CacheHit: from.CacheHit,
			InputFiles: int64(from.Metrics.InputFiles), InputBytes: int64(from.Metrics.InputBytes),
		}
		for _, o := range from.ActualOutputs {
			s.Outputs = append(s.Outputs, Output{o.Path, o.Digest.Hash})
			s.OutputBytes += int64(o.Digest.SizeBytes)
		}
		if from.Metrics.TotalTime != "" {
			s.Wall, err = time.ParseDuration(from.Metrics.TotalTime)
			if err != nil {
				return nil, fmt.Errorf("read the time of %s: %w", from.Mnemonic, err)
			}
		}
		all = append(all, s)
	}
}

// ReadFile reads a log's file.
func ReadFile(name string) ([]Spawn, error) {
	f, err := infile.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	all, err := Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return all, nil
}
