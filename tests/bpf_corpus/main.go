// SPDX-License-Identifier: Apache-2.0

// Bpf_corpus compiles eBPF programs that others wrote, against an archive
// of Debian's kernel and against the linux-headers that it was packed from,
// expects the same verdict, and runs them in a guest with that kernel.
// Start it by `tools/bazel run //tests/bpf_corpus`: the verdicts have to be those
// of the table in docs/ebpf.md. `-- --part` runs a tenth, `-- --write` writes the
// table.
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

	"github.com/rules-kheaders/rules_kheaders/internal/cli"
	"github.com/rules-kheaders/rules_kheaders/tests/internal/bazeltest"
)

func main() { os.Exit(bazeltest.Main("bpf_corpus", run)) }

// A corpus is what the programs are compiled and run with.
type corpus struct {
	ctx   context.Context
	w     io.Writer
	dir   string // to work in
	kinds cli.Strings
	part  bool
	write bool

	archive, headers, guest, image, kheaders string
	bpftool, loader, patcher                 string
	sources, libbpf                          string // directories

	release string
	trees   []tree // the archive, then linux-headers
	vmlinux string
}

// A tree is one of the two that programs are compiled against.
type tree struct{ name, dir string }

// Loads and counts that a whole run must show.
const (
	wantLoaded  = 50
	wantCounted = 10
)

func run(ctx context.Context, args []string, w io.Writer) (err error) {
	c := corpus{ctx: ctx, w: w}
	fs := cli.NewFlags()
	fs.BoolVar(&c.part, "part", false, "every tenth program only; the table need not have them")
	fs.BoolVar(&c.write, "write", false, "write the table into docs/ebpf.md, in place of comparing it")
	fs.Var(&c.kinds, "kind", "programs of this `KIND` only, may be repeated: "+strings.Join(kinds, ", "))
	var files bazeltest.Files
	files.Var(fs, &c.archive, "archive", "the archive of Debian's kernel, a `FILE`")
	files.Var(fs, &c.headers, "headers", "Debian's linux-headers, a tar `FILE`")
	files.Var(fs, &c.guest, "guest", "bcc and bpftrace for a guest, a tar `FILE`")
	files.Var(fs, &c.image, "image", "Debian's vmlinuz, a `FILE`")
	files.Var(fs, &c.kheaders, "kheaders", "the module that shows the archive, a `FILE`")
	files.Var(fs, &c.bpftool, "bpftool", "the `PROGRAM` bpftool")
	files.Var(fs, &c.loader, "loader", "the `PROGRAM` of ./loader")
	files.Var(fs, &c.patcher, "patcher", "the `PROGRAM` patcher")
	rest, err := files.Parse(fs, args)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return cli.Usagef("argument is %q: expected flags alone", rest[0])
	}
	if c.part && c.write {
		return cli.Usagef("--part and --write are given: the table is of all programs")
	}
	workspace, err := bazeltest.Here(ctx)
	if err != nil {
		return err
	}
	if c.dir, err = bazeltest.TempDir("bpf_corpus"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, bazeltest.RemoveAll(c.dir)) }()
	if err := c.prepare(); err != nil {
		return err
	}
	rows, err := c.run()
	if err != nil {
		return err
	}
	docs := filepath.Join(workspace.Dir, "docs/ebpf.md")
	if err := sameVerdicts(w, rows); err != nil {
		return err
	}
	if c.write {
		return writeTable(docs, c.release, rows)
	}
	return compareTable(docs, rows, c.part)
}

// run compiles, loads and runs the programs.
func (c *corpus) run() ([]*row, error) {
	rows, err := c.rows()
	if err != nil {
		return nil, err
	}
	if err := c.compile(rows); err != nil {
		return nil, err
	}
	if err := c.load(rows); err != nil {
		return nil, err
	}
	ran, err := c.tools()
	return append(rows, ran...), err
}

// wants is whether programs of a kind are to be looked at.
func (c *corpus) wants(kind string) bool { return len(c.kinds) == 0 || slices.Contains(c.kinds, kind) }

// A row is a program and what became of it.
type row struct {
	kind, name string
	object     string    // compiled against the archive, or ""
	verdicts   [2]string // by tree: "compiles" or why not
	loaded     string    // in the guest, or ""
	counted    bool
}

// sameVerdicts is the test: the archive is as good as what it was packed from.
func sameVerdicts(w io.Writer, rows []*row) error {
	var errs []error
	for _, r := range rows {
		fmt.Fprintf(w, "bpf_corpus: %s %s: archive: %s; linux-headers: %s; %s; counted %v\n", r.kind, r.name, r.verdicts[0], r.verdicts[1], r.loaded, r.counted)
		if r.verdicts[0] != r.verdicts[1] {
			errs = append(errs, fmt.Errorf("%s %s: got %q by the archive, expected %q as by linux-headers", r.kind, r.name, r.verdicts[0], r.verdicts[1]))
		}
	}
	return errors.Join(errs...)
}

func (r *row) loads() bool { return r.loaded == "loads" }

// tenth is every tenth of what a part looks at, and all for the whole.
func tenth[T any](part bool, all []T) []T {
	if !part {
		return all
	}
	var some []T
	for i := range all {
		if i%10 == 0 {
			some = append(some, all[i])
		}
	}
	return slices.Clip(some)
}
