// SPDX-License-Identifier: Apache-2.0

package main

import (
	"flag"
	"path/filepath"

	"github.com/rules-kheaders/rules_kheaders/internal/cli"
	"github.com/rules-kheaders/rules_kheaders/internal/cli/pair"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/kmodule"
)

// named refuses a value of a flag that is not NAME=FILE.
func named(flag string, values []string) error {
	for _, v := range values {
		if _, _, err := pair.Split(v); err != nil {
			return cli.Usagef("--%s is %v", flag, err)
		}
	}
	return nil
}

// variables parses flags, and returns what is beside them: variables for make.
func variables(fs *flag.FlagSet, args []string, required ...string) ([]string, error) {
	words, err := cli.Parse(fs, args)
	if err != nil {
		return nil, err
	}
	if err := kmodule.CheckVariables(words); err != nil {
		return nil, cli.Usagef("%v", err)
	}
	return words, cli.Require(fs, required...)
}

// different refuses two outputs in one file. Those that are not asked for are "".
func different(files ...string) error {
	seen := map[string]bool{}
	for _, file := range files {
		if file == "" {
			continue
		}
		if seen[filepath.Clean(file)] {
			return cli.Usagef("two outputs go to %s: expected a file for each", filepath.Clean(file))
		}
		seen[filepath.Clean(file)] = true
	}
	return nil
}
