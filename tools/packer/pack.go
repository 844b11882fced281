// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"

	"github.com/rules-kheaders/rules_kheaders/internal/archive/container"
	"github.com/rules-kheaders/rules_kheaders/internal/archive/lzma2"
	"github.com/rules-kheaders/rules_kheaders/internal/archive/manifest"
	"github.com/rules-kheaders/rules_kheaders/internal/archive/segments"
	"github.com/rules-kheaders/rules_kheaders/internal/cli"
	"github.com/rules-kheaders/rules_kheaders/internal/headers/pack"
	"github.com/rules-kheaders/rules_kheaders/internal/headers/tree"
)

// gcPercent is how much garbage there may be, in percent of what is in use (GOGC).
// Nearly all of that is text, which costs the collector nothing to look at, and a
// page that is used again costs less than a new one.
const gcPercent = 15

func runPack(args []string, stdout, stderr io.Writer) error {
	debug.SetGCPercent(gcPercent)
	flags := cli.NewFlags()
	var o pack.Options
	flags.StringVar(&o.Profile, "profile", "", "the `PROFILE` that says what to pack: module or tracing, with +uapi where wanted")
	flags.StringVar(&o.Arch, "arch", "", "the kernel's `ARCH`, as make takes it: x86, arm64")
	flags.Var((*cli.Strings)(&o.Trees), "tree", "a `DIR_OR_TAR` of the kernel's files, source or generated; may be repeated")
	flags.Var((*cli.Strings)(&o.Lists), "files", "a `LIST` of the kernel's files, words NAME=FILE, beside or instead of trees; may be repeated")
	flags.StringVar(&o.Symvers, "symvers", "", "the `FILE` Module.symvers; needed for module")
	flags.StringVar(&o.Config, "config", "", "the `FILE` .config; needed for module")
	flags.StringVar(&o.Release, "release", "", "the kernel's `RELEASE`, or the file that holds it (default: the trees' own)")
	flags.StringVar(&o.Series, "series", "", "use the profile of this kernel `VERSION`, such as 6.12 (default: the release's)")
	flags.BoolVar(&o.AllowSeed, "allow-randstruct-seed", false, "pack a kernel with CONFIG_RANDSTRUCT, and its seed for all users of the machine to read")
	var add cli.Strings
	flags.Var(&add, "add", "add a member from outside the trees, `NAME=FILE`; may be repeated")
	flags.Var((*cli.Strings)(&o.Include), "include", "add the trees' files that match `PATTERN`; may be repeated")
	flags.Var((*cli.Strings)(&o.Exclude), "exclude", "leave out the files that match `PATTERN`; may be repeated")
	flags.Int64Var(&o.Epoch, "epoch", 0, "date the members `SECONDS` after 1970")
	flags.StringVar((*string)(&o.Comments), "comments", string(pack.Strip), "`HOW` to treat comments in headers: strip them, strip them and keep the lines' numbers (lines), or keep them")
	hostTools := flags.String("host-tools", string(pack.DefaultTools), "the `FORM` of fixdep, modpost and the like, which run where modules are built: source, binary, both, none, or default, which the profile's table says")
	preset := flags.String("preset", lzma2.Default.Name(), "the `PRESET` of the compression: default, smallest or fast")
	store := flags.String("cache", "", "keep compressed segments in this `DIR`, of mode 0700, and use those that are there; the archive is the same")
	var limit capacity
	flags.Var(&limit, "capacity", "fail if the archive does not fit in `BYTES`, as 8388608, 8192K or 8M")
	mib := flags.Int64("memory-limit", 0, "fail before compression if it needs more than `MIB` of memory, about; 0 for any number")
	verbose := flags.Bool("verbose", false, "print each step, and what memory compression needs; on a terminal that is printed anyway")
	out := flags.String("out", "", "the archive, the `FILE` to write")
	manifestOut := flags.String("manifest", "", "write a line for each member to this `FILE`")
	spdx := flags.String("spdx", "", "write an SPDX document of the archive to `FILE`, in JSON")
	report := flags.String("report", "", "write what was packed to this `FILE`, as JSON")
	asJSON := flags.Bool("json", false, "print the report")
	if err := cli.ParseAll(flags, args, "out", "profile", "arch"); err != nil {
		return err
	}
	if len(o.Lists) == 0 {
		if err := cli.Require(flags, "tree"); err != nil {
			return err
		}
	}
	switch o.Comments {
	case pack.Strip, pack.StripKeep, pack.Keep:
	default:
		return cli.Usagef("--comments is %q: expected strip, lines or keep", o.Comments)
	}
	var err error
	if o.HostTools, err = pack.ParseHostTools(*hostTools); err != nil {
		return cli.Usagef("--host-tools: %v", err)
	}
	encoder, err := lzma2.ParsePreset(*preset)
	if err != nil {
		return cli.Usagef("--%v", err)
	}
	if *store != "" {
		s, err := segments.Open(*store)
		if err != nil {
			return fmt.Errorf("--cache: %w", err)
		}
		encoder = encoder.With(s)
	}
	o.Encoder = encoder
	for _, text := range add {
		a, err := tree.ParseAddition(text)
		if err != nil {
			return err
		}
		o.Add = append(o.Add, a)
	}
	if *mib < 0 || *mib > 1<<40 {
		return cli.Usagef("--memory-limit is %d: expected a number of MiB, or 0", *mib)
	}
	o.MemoryLimit = *mib << 20
	o.Progress = progress(stderr, *verbose)
	r, err := pack.Pack(o)
	if err != nil {
		return err
	}
	archive, err := r.Bytes(int64(limit))
	if err != nil {
		return err
	}
	summary, err := r.Report.JSON()
	if err != nil {
		return err
	}
	var listing bytes.Buffer
	if err := manifest.Write(&listing, r.Manifest); err != nil {
		return err
	}
	var document []byte
	if *spdx != "" {
		if document, err = r.SPDX(); err != nil {
			return err
		}
	}
	files := outputs{{*out, archive}, {*manifestOut, listing.Bytes()}, {*report, summary}, {*spdx, document}}
	if err := files.check(packInputs(o), r.Files); err != nil {
		return err
	}
	return files.write(func() error {
		if !*asJSON {
			return nil
		}
		_, err := stdout.Write(summary)
		return err
	})
}

// packInputs are the files that the command line names.
func packInputs(o pack.Options) []string {
	inputs := slices.Concat(o.Trees, o.Lists, []string{o.Symvers, o.Config, o.Release})
	for _, a := range o.Add {
		inputs = append(inputs, a.File)
	}
	return inputs
}

// progress returns what prints the steps of a run, on a terminal or if asked: in a
// build's log they would be noise.
func progress(stderr io.Writer, asked bool) func(string) {
	if !asked && !isTerminal(stderr) {
		return nil
	}
	return func(step string) { fmt.Fprintf(stderr, "packer: %s\n", step) }
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func runPlaceholder(args []string, _, _ io.Writer) error {
	flags := cli.NewFlags()
	var size capacity
	flags.Var(&size, "capacity", "the size in `BYTES`, a multiple of 4, as 8388608, 8192K or 8M")
	out := flags.String("out", "", "the `FILE` to write")
	if err := cli.ParseAll(flags, args, "out"); err != nil {
		return err
	}
	given := false
	flags.Visit(func(f *flag.Flag) { given = given || f.Name == "capacity" })
	if !given {
		return cli.Usagef("--capacity BYTES is required: the size of the reservation, such as 6M")
	}
	p, err := container.Placeholder(int64(size))
	if err != nil {
		return fmt.Errorf("make placeholder: %w", err)
	}
	return outputs{{*out, p}}.write(nil)
}
