// SPDX-License-Identifier: Apache-2.0

// Packer makes the archive of kernel headers that a kernel carries, and the
// placeholder that keeps its place.
package main

import (
	"os"

	"github.com/rules-kheaders/rules_kheaders/internal/cli"
)

func main() {
	os.Exit(packer.Main(os.Args[1:], os.Stdout, os.Stderr))
}

var packer = cli.Tool{
	Name:    "packer",
	Summary: "make archives of kernel headers",
	Commands: []cli.Command{
		{
			Name: "pack",
			Usage: "--out A.tar.xz --profile P --arch A --tree DIR_OR_TAR... [--files LIST]... [--symvers F] [--config F] [--release R]\n" +
				"      [--manifest F] [--report F] [--spdx F] [--add NAME=FILE]... [--include P]... [--exclude P]... [--capacity N]\n" +
				"      [--series S] [--allow-randstruct-seed] [--epoch N] [--comments strip|lines|keep] [--preset default|smallest|fast] [--cache DIR]\n" +
				"      [--memory-limit MIB] [--verbose] [--json]",
			Summary: "Select files of a kernel tree and write them as an archive.",
			Run:     runPack,
		},
		{
			Name:    "placeholder",
			Usage:   "--capacity N --out F",
			Summary: "Write an archive of exactly N bytes that says it is not stamped.",
			Run:     runPlaceholder,
		},
		{
			Name:    "list",
			Usage:   "[--json] [--memory-limit MIB] FILE",
			Summary: "Print the manifest of an archive, or of what a kernel carries.",
			Run:     runList,
		},
		{
			Name:    "diff",
			Usage:   "[--json] A B",
			Summary: "Say which members B has that A has not, and the other way round, and which differ.",
			Run:     runDiff,
		},
		gather,
		joinSymvers,
		pick,
		release,
		replace,
		initramfs,
	},
}
