// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"

	"github.com/rules-kheaders/rules_kheaders/internal/cli"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/programs"
)

func check(args []string, _, _ io.Writer) error {
	var needs, optional cli.Strings
	fs := cli.NewFlags()
	fs.Var(&needs, "need", "a program, or a C header by its .h, and its package: `NAME=PACKAGE`")
	fs.Var(&optional, "optional", "a program `NAME` that may be missing")
	out := fs.String("out", "", "the `FILE` that lists what was found")
	if err := cli.ParseAll(fs, args, "out"); err != nil {
		return err
	}
	if len(needs)+len(optional) == 0 {
		return cli.Usagef("expected --need or --optional, got neither")
	}
	return programs.Check(needs, optional, *out)
}
