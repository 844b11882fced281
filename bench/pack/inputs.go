// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/rules-kheaders/rules_kheaders/internal/bench"
	"github.com/rules-kheaders/rules_kheaders/internal/lzma2"
	"github.com/rules-kheaders/rules_kheaders/internal/pack"
	"github.com/rules-kheaders/rules_kheaders/internal/xz"
)

// inputs are the files that Bazel gives.
type inputs struct {
	headers, symvers, config, linux, packer, xz *string
}

// check makes the paths absolute and fails if one is missing.
func (in inputs) check() error {
	for name, file := range map[string]*string{
		"headers": in.headers, "symvers": in.symvers, "config": in.config, "linux": in.linux, "packer": in.packer, "xz": in.xz,
	} {
		if *file == "" {
			return fmt.Errorf("-%s FILE is required: start this by 'tools/bazel run //bench:pack'", name)
		}
		if _, err := os.Stat(*file); err != nil {
			return err
		}
		path, err := filepath.Abs(*file)
		if err != nil {
			return err
		}
		*file = path
	}
	// What gen_kheaders.sh runs.
	return bench.Need(map[string]string{
		"cpio": "cpio", "find": "findutils", "md5sum": "coreutils", "perl": "perl", "sh": "dash", "tar": "tar", "xargs": "findutils", "xz": "xz-utils",
	})
}

// makeTree makes a directory with the kernel's headers, and gen_kheaders.sh of
// the same source.
func (in inputs) makeTree(ctx context.Context, dir string) (string, error) {
	tree := filepath.Join(dir, "tree")
	if err := os.Mkdir(tree, 0o755); err != nil {
		return "", err
	}
	if err := command(ctx, tree, "tar", "-xf", *in.headers); err != nil {
		return "", err
	}
	// --occurrence ends the reading at the file.
	return tree, command(ctx, tree, "tar", "-xJf", *in.linux, "--wildcards", "--strip-components=1", "--occurrence=1", "*/"+script)
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
		Args: []string{"env", "--chdir=" + tree, "SRCARCH=x86", "XZ=" + *in.xz, "sh", script, out},
	}
}

// prepare does what a packer does before it compresses.
func prepare(tree string) error {
	_, err := pack.Pack(pack.Options{
		Profile: "tracing", Arch: "x86", Trees: []string{tree}, Comments: pack.Strip, Encoder: nothing{},
	})
	return err
}

// nothing is the compressor that takes no time.
type nothing struct{}

func (nothing) Encode(lzma2.Part) ([]byte, error) { return []byte{0}, nil }
func (nothing) Name() string                      { return "nothing" }
func (nothing) DictProp() byte                    { return xz.DictProp(1 << 20) }

// command runs a program that is not measured, in dir.
func command(ctx context.Context, dir, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("run %s: %w: %.500s", name, err, out)
	}
	return nil
}
