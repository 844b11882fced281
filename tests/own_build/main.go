// SPDX-License-Identifier: Apache-2.0

// Own_build runs the commands of docs/your-own-kernel-build.md as they are
// printed, in the source directory of a pristine kernel (make mrproper): the build
// of the 2019 thread that is not out of tree. Start it by `tools/bazel run
// //tests/own_build`; it builds two kernels, with 6.1's and with 7.2's recipe.
package main

import (
	"archive/tar"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/tests/internal/bazeltest"
)

func main() { os.Exit(bazeltest.Main("own_build", run)) }

func run(ctx context.Context, args []string, w io.Writer) (err error) {
	flags := flag.NewFlagSet("own_build", flag.ContinueOnError)
	document := flags.String("document", "", "run the commands of this Markdown `FILE`")
	packer := flags.String("packer", "", "the program packer")
	patcher := flags.String("patcher", "", "the program patcher")
	config := flags.String("config", "", "configuration fragments on top of tinyconfig, separated by commas")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() == 0 {
		return errors.New("no kernel source; expected SERIES=TARBALL arguments")
	}
	script, err := commands(*document)
	if err != nil {
		return err
	}
	fragments := strings.Split(*config, ",")
	for i, f := range fragments {
		if fragments[i], err = filepath.Abs(f); err != nil {
			return err
		}
	}
	dir, err := bazeltest.TempDir("own_build")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, bazeltest.RemoveAll(dir)) }()
	bin := filepath.Join(dir, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		return err
	}
	for name, file := range map[string]string{"packer": *packer, "patcher": *patcher} {
		if file, err = filepath.Abs(file); err != nil {
			return err
		}
		if err := os.Symlink(file, filepath.Join(bin, name)); err != nil {
			return err
		}
	}
	var cases []bazeltest.Case
	for _, arg := range flags.Args() {
		series, tarball, ok := strings.Cut(arg, "=")
		if !ok {
			return fmt.Errorf("argument %q: expected SERIES=TARBALL", arg)
		}
		if tarball, err = filepath.Abs(tarball); err != nil {
			return err
		}
		cases = append(cases, bazeltest.Case{Name: "the printed commands, in the source directory, Linux " + series, Run: func() error {
			tree := filepath.Join(dir, series)
			b := build{ctx: ctx, log: w, tree: tree, bin: bin}
			return errors.Join(b.run(tarball, fragments, script), os.RemoveAll(tree))
		}})
	}
	return bazeltest.RunCases(ctx, w, cases...)
}

// commands joins the code blocks of a Markdown file: its lines with an indent of
// four spaces.
func commands(file string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	var script strings.Builder
	for line := range strings.Lines(string(text)) {
		if code, ok := strings.CutPrefix(line, "    "); ok {
			script.WriteString(code)
		}
	}
	for _, want := range []string{"packer placeholder", "make ", "packer pack", "patcher stamp", "patcher verify"} {
		if !strings.Contains(script.String(), want) {
			return "", fmt.Errorf("read %s: its code blocks have no %q; expected the commands of a whole build", file, want)
		}
	}
	return script.String(), nil
}

// A build is of one kernel, in its source directory.
type build struct {
	ctx       context.Context
	log       io.Writer
	tree, bin string
}

func (b build) run(tarball string, fragments []string, script string) error {
	if err := os.Mkdir(b.tree, 0o755); err != nil {
		return err
	}
	quoted := "'" + strings.Join(fragments, "' '") + "'"
	// What a reader has before the first command: a configured tree, and nothing built.
	setup := `tar --extract --file="$1" --strip-components=1 --no-same-owner
make mrproper
make tinyconfig
./scripts/kconfig/merge_config.sh -m .config ` + quoted + `
make olddefconfig`
	if err := b.shell(setup, tarball); err != nil {
		return fmt.Errorf("configure the kernel: %w", err)
	}
	if err := b.shell(script); err != nil {
		return fmt.Errorf("run the document's commands: %w", err)
	}
	return b.check()
}

// check looks at what the commands have left: the image's own archive can build
// a module.
func (b build) check() error {
	if err := b.shell("patcher extract --carrier arch/x86/boot/bzImage --out found.tar.xz && xz -dc found.tar.xz >found.tar"); err != nil {
		return err
	}
	f, err := os.Open(filepath.Join(b.tree, "found.tar"))
	if err != nil {
		return err
	}
	defer f.Close()
	missing := map[string]bool{"Module.symvers": true, "include/generated/autoconf.h": true, "include/linux/module.h": true}
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("read the image's archive: %w", err)
		}
		delete(missing, strings.TrimPrefix(h.Name, "./"))
	}
	if len(missing) > 0 {
		return fmt.Errorf("read the image's archive: it lacks %v", missing)
	}
	return nil
}

// shell runs commands in the tree. Their output is shown if they fail.
func (b build) shell(script string, args ...string) error {
	cmd := exec.CommandContext(b.ctx, "sh", append([]string{"-euxc", script, "sh"}, args...)...)
	cmd.Dir = b.tree
	cmd.Env = append(os.Environ(), "PATH="+b.bin+":"+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		b.log.Write(out)
	}
	return err
}
