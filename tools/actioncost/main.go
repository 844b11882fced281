// SPDX-License-Identifier: Apache-2.0

// Actioncost prints what the actions of a build cost, by mnemonic, from what
// Bazel's --execution_log_json_file wrote.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/rules-kheaders/rules_kheaders/internal/execlog"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "actioncost: %v\n", err)
		os.Exit(1)
	}
}

func run(args []string, stdout io.Writer) error {
	fs := flag.NewFlagSet("", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	all := fs.Bool("all", false, "all mnemonics, not only those of rules_kheaders")
	asJSON := fs.Bool("json", false, "print a JSON array")
	err := fs.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fs.SetOutput(stdout)
		fmt.Fprintln(stdout, "usage: actioncost [--all] [--json] LOG\nLOG is what 'bazel build --execution_log_json_file=LOG' wrote.")
		fs.PrintDefaults()
		return nil
	}
	if err != nil {
		return err
	}
	if fs.NArg() != 1 {
		return fmt.Errorf("%d arguments: expected one, the file of --execution_log_json_file", fs.NArg())
	}
	spawns, err := execlog.ReadFile(fs.Arg(0))
	if err != nil {
		return err
	}
	keep := execlog.Ours
	if *all {
		keep = func(string) bool { return true }
	}
	costs := execlog.Costs(spawns, keep)
	if len(costs) == 0 {
		return fmt.Errorf("%s: none of its %d actions is of rules_kheaders: expected the log of a build that ran or fetched some; see --all", fs.Arg(0), len(spawns))
	}
	if *asJSON {
		e := json.NewEncoder(stdout)
		e.SetIndent("", "  ")
		return e.Encode(costs)
	}
	return execlog.Markdown(stdout, costs)
}
