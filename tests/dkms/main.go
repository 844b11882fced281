// SPDX-License-Identifier: Apache-2.0

// Dkms builds Debian's dkms packages, unedited, with Debian's dkms: once with an
// archive of Debian's kernel at /lib/modules/RELEASE/build and no linux-headers,
// and once with the linux-headers that the archive was packed from. The verdicts
// and the modules have to be the same.
// Start it by `tools/bazel run //tests/dkms`; names of packages as arguments are
// built alone, `-- --part` is a tenth, `-- --table` writes the table in
// docs/modules.md.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/rules-kheaders/rules_kheaders/internal/cli"
	"github.com/rules-kheaders/rules_kheaders/tests/internal/bazeltest"
)

func main() { os.Exit(bazeltest.Main("dkms", run)) }

// limit is how long one build of a package may take.
const limit = 10 * time.Minute

// A corpus is what the packages are built with.
type corpus struct {
	ctx context.Context
	w   io.Writer
	dir string // to work in

	archive, lines, tools, headers, image, patcher string

	root    string // Debian's packages
	release string
	sides   []side
	exact   side     // the archive whose lines have their numbers
	own     []string // layers of both sides
}

func run(ctx context.Context, args []string, w io.Writer) (err error) {
	c := corpus{ctx: ctx, w: w}
	var part, table bool
	var dkms string
	fs := cli.NewFlags()
	fs.BoolVar(&part, "part", false, "every tenth package only")
	fs.BoolVar(&table, "table", false, "write the table into "+document+", in place of comparing it")
	var files bazeltest.Files
	files.Var(fs, &c.archive, "archive", "the archive of Debian's kernel, a `FILE`")
	files.Var(fs, &c.lines, "lines", "the same with comments = \"lines\", a `FILE`")
	files.Var(fs, &c.tools, "tools", "an archive of the same source with the sources of host tools, a `FILE`")
	files.Var(fs, &c.headers, "headers", "Debian's linux-headers, a tar `FILE`")
	files.Var(fs, &c.image, "image", "Debian's vmlinuz, a `FILE`")
	files.Var(fs, &c.patcher, "patcher", "the `PROGRAM` patcher")
	files.Var(fs, &dkms, "dkms", "the `PROGRAM` dkms in the root of Debian's packages")
	names, err := files.Parse(fs, args)
	if err != nil {
		return err
	}
	if part && (table || len(names) > 0) {
		return cli.Usagef("--part is given with --table or packages: expected it alone")
	}
	workspace, err := bazeltest.Here(ctx)
	if err != nil {
		return err
	}
	if c.dir, err = bazeltest.TempDir("dkms"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, bazeltest.RemoveAll(c.dir)) }()
	if err := c.prepare(dkms); err != nil {
		return err
	}
	all, err := packages(c.root)
	if err != nil {
		return err
	}
	chosen, err := choose(all, names, part)
	if err != nil {
		return err
	}
	docs := filepath.Join(workspace.Dir, document)
	write := func(*row) error { return nil }
	if table {
		// One by one: a run that is ended keeps what it has found.
		write = func(r *row) error { return writeTable(docs, c.release, r) }
	}
	rows, err := c.build(chosen, write)
	if err != nil {
		return err
	}
	if err := errors.Join(different(rows), c.exactly(rows), c.load(rows, len(chosen) == len(all))); err != nil {
		return err
	}
	return compareTable(docs, rows)
}

// choose is the packages that are to be built.
func choose(all []pkg, names []string, part bool) ([]pkg, error) {
	var chosen []pkg
	for i, p := range all {
		if len(names) == 0 && (!part || i%10 == 0) || slices.Contains(names, p.name) {
			chosen = append(chosen, p)
		}
	}
	if len(names) > 0 && len(chosen) != len(names) {
		var known []string
		for _, p := range all {
			known = append(known, p.name)
		}
		return nil, fmt.Errorf("find packages %s: %d of them are here; expected some of %s", strings.Join(names, ", "), len(chosen), strings.Join(known, ", "))
	}
	return chosen, nil
}

// build builds each package with both, prints a line of it and writes one.
func (c *corpus) build(chosen []pkg, write func(*row) error) ([]*row, error) {
	var rows []*row
	fmt.Fprintf(c.w, "dkms: package | version | linux-headers | archive | modules | same sections | different sections | seconds\n")
	for _, p := range chosen {
		r, err := c.buildRow(p)
		if err != nil {
			return nil, fmt.Errorf("build %s: %w", p.name, err)
		}
		fmt.Fprintf(c.w, "dkms: %s | %s | %s | %s | %d | %d | %s | %.0f, %.0f\n", p.name, p.version, r.results[0].verdict, r.results[1].verdict,
			len(r.results[1].modules), r.same, strings.Join(r.differ, " "), r.results[0].seconds, r.results[1].seconds)
		if different([]*row{r}) == nil {
			if err := write(r); err != nil {
				return nil, err
			}
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// different is the test: what of the rows is not the same on both sides.
func different(rows []*row) error {
	var errs []error
	for _, r := range rows {
		if r.results[0].verdict != r.results[1].verdict {
			errs = append(errs, fmt.Errorf("%s: got %q with the archive, expected %q as with linux-headers", r.pkg.name, r.results[1].verdict, r.results[0].verdict))
		}
		for _, err := range r.wrong {
			errs = append(errs, fmt.Errorf("%s: %w", r.pkg.name, err))
		}
	}
	return errors.Join(errs...)
}

// bugTable holds the lines of BUG() and WARN() in headers, which comments that are
// stripped move.
const bugTable = "__bug_table"

// exactly builds the first of the packages in whose bug table an archive and
// linux-headers differ with the archive that keeps every line's number: they do
// not differ then.
func (c *corpus) exactly(rows []*row) error {
	for _, r := range rows {
		if !slices.Contains(r.differ, bugTable) {
			continue
		}
		got, err := c.buildOne(r.pkg, c.exact, 2)
		if err != nil {
			return err
		}
		same, err := compare(r.results[0].modules, got.modules)
		if err != nil {
			return err
		}
		fmt.Fprintf(c.w, "dkms: %s with an archive with comments = \"lines\": %s; sections that differ: %s\n", r.pkg.name, got.verdict, strings.Join(same.differ, " "))
		if got.verdict != r.results[0].verdict || len(same.wrong) > 0 || slices.Contains(same.differ, bugTable) {
			return fmt.Errorf("%s with comments = \"lines\": %s, different sections %s; expected %s and no %s",
				r.pkg.name, got.verdict, strings.Join(same.differ, " "), r.results[0].verdict, bugTable)
		}
		return nil
	}
	return nil
}
