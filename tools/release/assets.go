// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/cli/infile"
	"github.com/rules-kheaders/rules_kheaders/internal/cli/pair"
)

// A lock is what rules/tools_repository.bzl reads.
type lock struct {
	URLs     []string                     `json:"urls"`     // of a program, with {program} and {platform} in them
	Programs map[string]map[string]string `json:"programs"` // sha256 by platform and name
}

// assetURL is where a release has its files.
const assetURL = "https://github.com/rules-kheaders/rules_kheaders/releases/download/vVERSION/{program}-{platform}"

// collectAssets is each program, PLATFORM/NAME, under the name that a download has,
// and their lock file.
func collectAssets(programs []string, module string) ([]file, error) {
	version, err := readVersion(module)
	if err != nil {
		return nil, err
	}
	l := lock{URLs: []string{strings.ReplaceAll(assetURL, "VERSION", version)}, Programs: map[string]map[string]string{}}
	var files []file
	for _, p := range programs {
		path, from, err := pair.Local(p)
		if err != nil {
			return nil, fmt.Errorf("program %w", err)
		}
		platform, name, ok := strings.Cut(path, "/")
		if !ok || strings.Contains(name, "/") {
			return nil, fmt.Errorf("program %q: expected PLATFORM/NAME=FILE", p)
		}
		content, err := infile.ReadFile(from)
		if err != nil {
			return nil, err
		}
		files = append(files, file{name + "-" + platform, content, true})
		if l.Programs[platform] == nil {
			l.Programs[platform] = map[string]string{}
		}
		l.Programs[platform][name] = fmt.Sprintf("%x", sha256.Sum256(content))
	}
	text, err := json.MarshalIndent(l, "", "  ")
	return append(files, file{name: "tools.lock.json", content: append(text, '\n')}), err
}
