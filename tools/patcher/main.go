// SPDX-License-Identifier: Apache-2.0

// Patcher stamps an archive of kernel headers into the space that a carrier
// (vmlinux, kheaders.ko, raw Image) reserves for it, and reads it back.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/carrier"
	"github.com/rules-kheaders/rules_kheaders/internal/carrier/stamp"
	"github.com/rules-kheaders/rules_kheaders/internal/cli"
	"github.com/rules-kheaders/rules_kheaders/internal/cli/atomicfile"
	"github.com/rules-kheaders/rules_kheaders/internal/cli/memory"
	"github.com/rules-kheaders/rules_kheaders/internal/cli/printable"
)

func main() {
	os.Exit(patcher.Main(os.Args[1:], os.Stdout, os.Stderr))
}

var patcher = cli.Tool{
	Name:    "patcher",
	Summary: "stamp an archive of kernel headers into a built kernel, and read it back",
	Commands: []cli.Command{
		{
			Name:    "stamp",
			Usage:   "--carrier IN --archive A --out OUT [--section N | --symbols S,E] [--restamp] [--unsign] [--report R.json]",
			Summary: "Write a copy of a carrier with the archive in its reservation. The archive's structure is checked; its content is by 'verify'.",
			Run:     runStamp,
		},
		{
			Name:    "extract",
			Usage:   "--carrier IN (--out A.tar.xz | --dir DIR) [--sha256 HEX] [--section N | --symbols S,E] [--memory-limit MIB]",
			Summary: "Read the archive back out of a carrier, or unpack it or any .tar.xz.",
			Run:     runExtract,
		},
		{
			Name:    "inspect",
			Usage:   "[--json] [--section N | --symbols S,E] [--memory-limit MIB] FILE",
			Summary: "Say what a carrier or an archive holds.",
			Run:     runInspect,
		},
		{
			Name:    "verify",
			Usage:   "[--json] [--out VERDICT] [--section N | --symbols S,E] [--original UNSTAMPED] [--memory-limit MIB] FILE",
			Summary: "Decode the archive in a carrier or a file, and compare all digests.",
			Run:     runVerify,
		},
	},
}

// place adds the flags that say where a reservation is.
type place struct{ section, symbols *string }

func placeFlags(fs interface {
	String(name, value, usage string) *string
}) place {
	return place{
		section: fs.String("section", "", "ELF section `N` that is the reservation (default: .rodata1 if there is one)"),
		symbols: fs.String("symbols", "", "ELF symbols `S,E` at the reservation's start and end (default: kernel_headers_data,kernel_headers_data_end if defined)"),
	}
}

func (p place) options() (carrier.Options, error) {
	o := carrier.Options{Section: *p.section}
	if *p.symbols == "" {
		return o, nil
	}
	var ok bool
	o.Start, o.End, ok = strings.Cut(*p.symbols, ",")
	if !ok || o.Start == "" || o.End == "" || strings.Contains(o.End, ",") {
		return o, cli.Usagef("--symbols is %q: expected two names, as in start,end", *p.symbols)
	}
	return o, nil
}

func runStamp(args []string, stdout, _ io.Writer) error {
	fs := cli.NewFlags()
	var req stamp.Request
	fs.StringVar(&req.Carrier, "carrier", "", "the `FILE` with a reservation: vmlinux, kheaders.ko, raw Image")
	fs.StringVar(&req.Archive, "archive", "", "the `FILE` that 'packer pack' wrote")
	fs.StringVar(&req.Out, "out", "", "the `FILE` to write")
	fs.StringVar(&req.Report, "report", "", "write what was done to this `FILE`, as JSON")
	fs.BoolVar(&req.Restamp, "restamp", false, "replace an archive that was stamped before")
	fs.BoolVar(&req.Unsign, "unsign", false, "drop the signatures of a module, which is to be signed again")
	at := placeFlags(fs)
	if err := cli.ParseAll(fs, args, "carrier", "archive", "out"); err != nil {
		return err
	}
	var err error
	if req.Locate, err = at.options(); err != nil {
		return err
	}
	return stamp.Stamp(req)
}

func runExtract(args []string, stdout, _ io.Writer) error {
	fs := cli.NewFlags()
	memory.Flag(fs)
	in := fs.String("carrier", "", "the `FILE` to read: a stamped carrier, or an archive")
	out := fs.String("out", "", "write the archive to this `FILE`, as the running kernel shows it")
	dir := fs.String("dir", "", "unpack the archive into `DIR`, which must be empty or not exist")
	digest := fs.String("sha256", "", "refuse a carrier whose sha256 is not `HEX`")
	at := placeFlags(fs)
	if err := cli.ParseAll(fs, args, "carrier"); err != nil {
		return err
	}
	if (*out == "") == (*dir == "") {
		return cli.Usagef("expected one of --out FILE and --dir DIR")
	}
	o, err := at.options()
	if err != nil {
		return err
	}
	if *digest != "" {
		if err := stamp.CheckDigest(*in, *digest); err != nil {
			return err
		}
	}
	if *out != "" {
		return stamp.ExtractArchive(*in, *out, o)
	}
	_, err = stamp.ExtractTree(*in, *dir, o)
	return err
}

func runInspect(args []string, stdout, _ io.Writer) error {
	fs := cli.NewFlags()
	memory.Flag(fs)
	asJSON := fs.Bool("json", false, "print one JSON object")
	at := placeFlags(fs)
	file, err := oneFile(cli.Parse(fs, args))
	if err != nil {
		return err
	}
	o, err := at.options()
	if err != nil {
		return err
	}
	info, err := stamp.Inspect(file, o)
	if err != nil {
		return err
	}
	if *asJSON {
		return cli.PrintJSON(stdout, info)
	}
	return info.Text(stdout)
}

func runVerify(args []string, stdout, _ io.Writer) error {
	fs := cli.NewFlags()
	memory.Flag(fs)
	asJSON := fs.Bool("json", false, "print one JSON object")
	out := fs.String("out", "", "write the verdict to a `FILE` instead, as one JSON object")
	original := fs.String("original", "", "compare all but the reservation with `UNSTAMPED`, the carrier before")
	at := placeFlags(fs)
	file, err := oneFile(cli.Parse(fs, args))
	if err != nil {
		return err
	}
	o, err := at.options()
	if err != nil {
		return err
	}
	empty := false
	fs.Visit(func(f *flag.Flag) { empty = empty || f.Name == "original" && *original == "" })
	if empty {
		return cli.Usagef("--original is empty: expected the name of the carrier before it was stamped")
	}
	if err := stamp.CheckVerdict(*out, file, *original); err != nil {
		return err
	}
	v, err := stamp.Verify(file, *original, o)
	if err != nil {
		return err
	}
	if *out != "" {
		return atomicfile.Write(*out, 0o644, func(f *os.File) error { return cli.PrintJSON(f, v) })
	}
	if *asJSON {
		return cli.PrintJSON(stdout, v)
	}
	rest := ""
	if *original != "" {
		rest = ", the rest as in " + printable.Text(*original)
	}
	_, err = fmt.Fprintf(stdout, "%s: verified: release %s, %d members, %d of %d bytes used, sha256 %s%s\n", printable.Text(v.File), v.Release, v.Members, v.Used, v.Capacity, v.SHA256, rest)
	return err
}

// oneFile takes the result of cli.Parse and wants one argument in it.
func oneFile(rest []string, err error) (string, error) {
	if err != nil {
		return "", err
	}
	if len(rest) != 1 {
		return "", cli.Usagef("expected one FILE, got %d", len(rest))
	}
	return rest[0], nil
}
