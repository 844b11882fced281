// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/tests/internal/bazeltest"
)

// A side is what the packages are built with: directories below the corpus's, the
// first on top, and where the kernel's files are that messages name.
type side struct {
	name   string
	layers []string
	trees  []string
}

// prepare unpacks both trees and compiles the archive's host tools.
func (c *corpus) prepare(dkms string) error {
	var err error
	if c.root, err = bazeltest.Root(dkms, "/usr/sbin/dkms"); err != nil {
		return err
	}
	base := filepath.Join(c.dir, "base")
	for _, dir := range []string{"dev", "proc", "tmp", "usr/bin", "var/lib/dkms"} {
		if err := os.MkdirAll(filepath.Join(base, dir), 0o755); err != nil {
			return err
		}
	}
	for name, target := range bazeltest.Alternatives {
		if err := os.Symlink(target, filepath.Join(base, "usr/bin", name)); err != nil {
			return err
		}
	}
	if err := os.Symlink(c.root, filepath.Join(c.dir, "root")); err != nil {
		return err
	}
	c.own = []string{"base", "root"}
	headers, err := c.unpackHeaders()
	if err != nil {
		return err
	}
	archive, err := c.unpackArchive("archive", c.archive)
	if err != nil {
		return err
	}
	if c.exact, err = c.unpackArchive("lines", c.lines); err != nil {
		return err
	}
	c.sides = []side{headers, archive}
	return nil
}

// command runs a program.
func (c *corpus) command(name string, args ...string) error {
	cmd := exec.CommandContext(c.ctx, name, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w: %s", filepath.Base(name), err, strings.TrimSpace(stderr.String()))
	}
	return nil
}

// unpackHeaders is the side of linux-headers, as its packages have it.
func (c *corpus) unpackHeaders() (side, error) {
	dir := filepath.Join(c.dir, "linux-headers")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return side{}, err
	}
	if err := c.command("tar", "--extract", "--file="+c.headers, "--directory="+dir); err != nil {
		return side{}, err
	}
	found, err := filepath.Glob(filepath.Join(dir, "usr/src/linux-headers-*/include/config/kernel.release"))
	if err != nil {
		return side{}, err
	}
	if len(found) != 1 {
		return side{}, fmt.Errorf("find the release of %s: got %d of usr/src/linux-headers-*/include/config/kernel.release, expected one", c.headers, len(found))
	}
	// The directory has the name that the kernel has, the file none of Debian's.
	c.release = strings.TrimPrefix(filepath.Base(strings.TrimSuffix(found[0], "/include/config/kernel.release")), "linux-headers-")
	common := strings.TrimSuffix(c.release, "-amd64") + "-common"
	links := map[string]string{"build": "/usr/src/linux-headers-" + c.release, "source": "/usr/src/linux-headers-" + common}
	modules := filepath.Join(dir, "lib/modules", c.release)
	if err := os.MkdirAll(modules, 0o755); err != nil {
		return side{}, err
	}
	for name, target := range links {
		if err := os.Symlink(target, filepath.Join(modules, name)); err != nil {
			return side{}, err
		}
	}
	return side{
		name:   "linux-headers",
		layers: append([]string{filepath.Base(dir)}, c.own...),
		trees:  []string{links["build"], links["source"], "/lib/modules/" + c.release + "/build"},
	}, nil
}

// unpackArchive is the side of an archive. Debian's packages have no sources of
// host tools, so the archive has their programs. Those are replaced by ones that
// are compiled in the root, from the sources that an archive of the same kernel's
// source has.
func (c *corpus) unpackArchive(name, file string) (side, error) {
	layer := filepath.Join(c.dir, name)
	build := "/lib/modules/" + c.release + "/build"
	tree := filepath.Join(layer, build)
	if err := os.MkdirAll(filepath.Dir(tree), 0o755); err != nil {
		return side{}, err
	}
	if err := c.command(c.patcher, "extract", "--carrier", file, "--dir", tree); err != nil {
		return side{}, err
	}
	sources := filepath.Join(c.dir, name+"-tools")
	if err := c.command(c.patcher, "extract", "--carrier", c.tools, "--dir", sources); err != nil {
		return side{}, err
	}
	replaced, err := replaceTools(tree, sources)
	if err != nil {
		return side{}, err
	}
	s := side{name: name, layers: append([]string{name}, c.own...), trees: []string{build}}
	upper, log := filepath.Join(c.dir, name+"-compiled"), filepath.Join(c.dir, name+"-compiled.log")
	if err := c.inRoot(c.ctx, s.layers, upper, log, "make", "-C", build, "-f", "scripts/Makefile.hosttools", "HOSTCC=gcc-12"); err != nil {
		said, _ := os.ReadFile(log)
		return side{}, fmt.Errorf("compile host tools in a root of Debian's packages: %w: %s", err, bytes.TrimSpace(said))
	}
	for _, tool := range replaced {
		if _, err := os.Stat(filepath.Join(upper, build, tool)); err != nil {
			return side{}, fmt.Errorf("compile host tools: no %s was made: %w", tool, err)
		}
	}
	s.layers = append([]string{filepath.Base(upper)}, s.layers...)
	return s, nil
}

// replaceTools puts the sources of host tools into a tree, and removes its
// programs of them, which it returns.
func replaceTools(tree, sources string) (replaced []string, err error) {
	for _, tool := range []string{"scripts/basic/fixdep", "scripts/mod/modpost", "scripts/genksyms/genksyms"} {
		if _, err := os.Stat(filepath.Join(sources, tool+".c")); err != nil {
			return nil, fmt.Errorf("find the sources of host tools: %w", err)
		}
		if err := os.Remove(filepath.Join(tree, tool)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		replaced = append(replaced, tool)
	}
	for _, pattern := range []string{"scripts/Makefile.hosttools", "scripts/basic/*.c", "scripts/mod/*.[ch]", "scripts/genksyms/*.[ch]", "scripts/include/*.h"} {
		files, err := filepath.Glob(filepath.Join(sources, pattern))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			name, err := filepath.Rel(sources, file)
			if err != nil {
				return nil, err
			}
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			to := filepath.Join(tree, name)
			if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
				return nil, err
			}
			if err := os.WriteFile(to, text, 0o644); err != nil {
				return nil, err
			}
		}
	}
	return replaced, nil
}
