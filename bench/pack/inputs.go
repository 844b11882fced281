// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"context"
	"os"
	"path/filepath"

	"github.com/rules-kheaders/rules_kheaders/bench/internal/bench"
	"github.com/rules-kheaders/rules_kheaders/internal/archive/lzma2"
	"github.com/rules-kheaders/rules_kheaders/internal/archive/xz"
	"github.com/rules-kheaders/rules_kheaders/internal/headers/pack"
)

// inputs are the files that Bazel gives.
type inputs struct {
	headers, symvers, config, linux, packer *string
}

func newInputs(b *bench.Benchmark) inputs {
	return inputs{
		headers: b.File("headers", "the kernel's headers, generated ones too, a tar"),
		symvers: b.File("symvers", "its Module.symvers"),
		config:  b.File("config", "its .config"),
		linux:   b.File("linux", "its source, a .tar.xz, for gen_kheaders.sh"),
		packer:  b.File("packer", "the packer"),
	}
}

// programs that gen_kheaders.sh runs, and Debian's package of each.
var programs = map[string]string{
	"cpio": "cpio", "find": "findutils", "md5sum": "coreutils", "perl": "perl", "sh": "dash", "tar": "tar", "xargs": "findutils", "xz": "xz-utils",
}

// makeTree makes a directory with the kernel's headers, and gen_kheaders.sh of
// the same source.
func (in inputs) makeTree(ctx context.Context, dir string) (string, error) {
	tree := filepath.Join(dir, "tree")
	if err := os.Mkdir(tree, 0o755); err != nil {
		return "", err
	}
	if err := bench.Run(ctx, tree, "tar", "-xf", *in.headers); err != nil {
		return "", err
	}
	// --occurrence ends the reading at the file.
	return tree, bench.Run(ctx, tree, "tar", "-xJf", *in.linux, "--wildcards", "--strip-components=1", "--occurrence=1", "*/"+script)
}

const script = "kernel/gen_kheaders.sh"

// command returns a run of the packer.
func (in inputs) command(tree, out, name string, settings ...string) bench.Command {
	args := []string{*in.packer, "pack", "--arch", "x86", "--tree", tree, "--out", out}
	return bench.Command{Name: name, Out: out, Args: append(args, settings...)}
}

// upstream returns a run of gen_kheaders.sh as kernel/Makefile has it run in a
// tree that is source and output at once. It runs again when its output is gone.
func (in inputs) upstream(tree string) bench.Command {
	const out = "kernel/kheaders_data.tar.xz"
	return bench.Command{
		Name: "gen_kheaders.sh",
		Out:  filepath.Join(tree, out),
		Args: []string{"env", "--chdir=" + tree, "SRCARCH=x86", "XZ=xz", "sh", script, out},
	}
}

// prepare does what a packer does before it compresses.
func prepare(tree string) error {
	_, err := packWith(tree, nothing{})
	return err
}

// packWith packs the headers in this process.
func packWith(tree string, e lzma2.Encoder) (*pack.Result, error) {
	return pack.Pack(pack.Options{
		Profile: "tracing", Arch: "x86", Trees: []string{tree}, Comments: pack.Strip, Encoder: e,
	})
}

// nothing is the compressor that takes no time.
type nothing struct{}

func (nothing) Encode(lzma2.Part, int) (xz.Block, error) { return xz.Stored(nil), nil }
func (nothing) Name() string                             { return "nothing" }
func (nothing) Memory(int64, int) int64                  { return 0 }
