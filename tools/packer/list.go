// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"

	"github.com/rules-kheaders/rules_kheaders/internal/archive/manifest"
	"github.com/rules-kheaders/rules_kheaders/internal/carrier/members"
	"github.com/rules-kheaders/rules_kheaders/internal/cli"
	"github.com/rules-kheaders/rules_kheaders/internal/cli/memory"
)

func runList(args []string, stdout, _ io.Writer) error {
	fs := cli.NewFlags()
	memory.Flag(fs)
	asJSON := fs.Bool("json", false, "print one JSON array")
	rest, err := cli.Parse(fs, args)
	if err != nil {
		return err
	}
	if len(rest) != 1 {
		return cli.Usagef("expected one FILE, got %d", len(rest))
	}
	entries, err := members.List(rest[0])
	if err != nil {
		return err
	}
	if *asJSON {
		return cli.PrintJSON(stdout, entries)
	}
	return manifest.Print(stdout, entries)
}

func runDiff(args []string, stdout, _ io.Writer) error {
	fs := cli.NewFlags()
	memory.Flag(fs)
	asJSON := fs.Bool("json", false, "print one JSON object")
	rest, err := cli.Parse(fs, args)
	if err != nil {
		return err
	}
	if len(rest) != 2 {
		return cli.Usagef("expected two FILEs, got %d", len(rest))
	}
	a, err := members.List(rest[0])
	if err != nil {
		return err
	}
	b, err := members.List(rest[1])
	if err != nil {
		return err
	}
	d := manifest.Compare(a, b)
	if *asJSON {
		return cli.PrintJSON(stdout, d)
	}
	return d.Text(stdout)
}
