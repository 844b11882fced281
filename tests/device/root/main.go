// SPDX-License-Identifier: Apache-2.0

// Root writes a cpio with what a guest needs to compile kernel modules: this
// machine's make, C compiler and binutils, with their libraries and the C
// library's headers. The other programs of the guest are busybox's.
package main

import (
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/carrier/cpio"
	"github.com/rules-kheaders/rules_kheaders/internal/cli"
	"github.com/rules-kheaders/rules_kheaders/internal/cli/atomicfile"
)

var program = cli.Command{
	Name:    "root",
	Usage:   "[--file PATH=FILE]… --out FILE.cpio",
	Summary: "write a cpio with the compiler of this machine",
	Run:     run,
}

func main() { os.Exit(program.Main(os.Args[1:], os.Stdout, os.Stderr)) }

// programs are what building a module and compiling host tools run, beside what
// busybox has.
var programs = []string{"gcc", "cc", "make", "as", "ld", "ld.bfd", "ar", "nm", "objcopy", "objdump", "readelf", "strip", "bash"}

// libraries are those that an archive's host tools are linked with, objtool's.
var libraries = []string{"libelf.so.1"}

// ofCompiler are the files that gcc names when it is asked: programs, and what is
// linked with.
var (
	compilerPrograms = []string{"cc1", "collect2"}
	compilerFiles    = []string{"crt1.o", "Scrt1.o", "crti.o", "crtn.o", "crtbegin.o", "crtbeginS.o", "crtend.o", "crtendS.o",
		"libgcc.a", "libgcc_s.so", "libgcc_s_asneeded.so", "libgcc_s.so.1", "libc.so", "libc_nonshared.a", "libc.so.6", "libm.so.6", "liblto_plugin.so"}
)

// root collects files by their absolute names.
type root struct {
	files map[string]string // where the content is
	dirs  []string          // that libraries are in
}

func run(args []string, _, _ io.Writer) error {
	flags := cli.NewFlags()
	var extra cli.Strings
	flags.Var(&extra, "file", "one more file, `PATH=FILE`")
	out := flags.String("out", "", "the cpio, the `FILE` to write")
	if err := cli.ParseAll(flags, args, "out"); err != nil {
		return err
	}
	r := root{files: map[string]string{}}
	if err := r.collect(); err != nil {
		return err
	}
	for _, e := range extra {
		to, from, ok := strings.Cut(e, "=")
		if !ok || !filepath.IsAbs(to) {
			return cli.Usagef("--file is %q: expected /PATH=FILE", e)
		}
		r.files[to] = from
	}
	return atomicfile.Write(*out, 0o644, func(f *os.File) error { return r.write(f) })
}

// gcc asks the compiler for a path.
func gcc(question string) (string, error) {
	out, err := exec.Command("gcc", question).Output()
	if err != nil {
		return "", fmt.Errorf("run gcc %s: %w", question, err)
	}
	return strings.TrimSpace(string(out)), nil
}

func (r *root) collect() error {
	triple, err := gcc("-print-multiarch")
	if err != nil {
		return err
	}
	r.dirs = []string{"/usr/lib/" + triple, "/lib/" + triple, "/usr/lib64", "/usr/lib"}
	for _, name := range programs {
		file, err := exec.LookPath(name)
		if err == nil {
			err = r.program(file)
		}
		if err != nil {
			return fmt.Errorf("find %s: %w", name, err)
		}
	}
	for _, name := range libraries {
		if err := r.library(name); err != nil {
			return err
		}
	}
	for _, name := range compilerPrograms {
		file, err := gcc("-print-prog-name=" + name)
		if err == nil {
			err = r.program(file)
		}
		if err != nil {
			return fmt.Errorf("find %s: %w", name, err)
		}
	}
	for _, name := range compilerFiles {
		file, err := gcc("-print-file-name=" + name)
		if err != nil {
			return err
		}
		// gcc answers with the name itself where it has none.
		if filepath.IsAbs(file) {
			if err := r.program(filepath.Clean(file)); err != nil {
				return err
			}
		}
	}
	include, err := gcc("-print-file-name=include")
	if err != nil {
		return err
	}
	return errors.Join(r.tree(include), r.tree("/usr/include"))
}

// tree adds all of a directory.
func (r *root) tree(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := os.Stat(path)
		if err == nil && info.Mode().IsRegular() {
			r.files[path] = path
		}
		return nil // a link that leads nowhere, or to another directory
	})
}

// program adds a file and, if it is a program or library, what it loads.
func (r *root) program(file string) error {
	if _, ok := r.files[file]; ok {
		return nil
	}
	r.files[file] = file
	f, err := elf.Open(file)
	if err != nil {
		return nil // a linker's script, an archive
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type != elf.PT_INTERP {
			continue
		}
		text, err := io.ReadAll(p.Open())
		if err != nil {
			return fmt.Errorf("read %s: %w", file, err)
		}
		if err := r.program(strings.TrimRight(string(text), "\x00")); err != nil {
			return err
		}
	}
	names, err := f.ImportedLibraries()
	if err != nil {
		return nil // an object file
	}
	for _, name := range names {
		if err := r.library(name); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return nil
}

func (r *root) library(name string) error {
	for _, dir := range r.dirs {
		if file := filepath.Join(dir, name); exists(file) {
			return r.program(file)
		}
	}
	return fmt.Errorf("find library %s: it is in none of %s", name, strings.Join(r.dirs, ", "))
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// merged are the directories that are links below /, as Debian's are.
var merged = []string{"lib", "lib64"}

func (r *root) write(w io.Writer) error {
	a := cpio.NewWriter(w)
	for _, name := range merged {
		if err := a.Symlink(name, "usr/"+name); err != nil {
			return err
		}
	}
	// Where scripts name it.
	if err := a.Symlink("bin/bash", "../usr/bin/bash"); err != nil {
		return err
	}
	names := make(map[string]string, len(r.files)) // in the cpio
	dirs := map[string]bool{}
	for to, from := range r.files {
		name := to[1:]
		// gcc finds cc1 from where it is itself.
		if first, _, _ := strings.Cut(name, "/"); first == "bin" || slices.Contains(merged, first) {
			name = "usr/" + name
		}
		names[name] = from
		for d := filepath.Dir(name); d != "."; d = filepath.Dir(d) {
			dirs[d] = true
		}
	}
	for _, d := range sorted(dirs) {
		if err := a.Dir(d, 0o755); err != nil {
			return err
		}
	}
	for _, name := range sorted(names) {
		if err := copyIn(a, name, names[name]); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	return a.Close()
}

func copyIn(a *cpio.Writer, name, from string) error {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	perm := uint32(0o644)
	if info.Mode()&0o111 != 0 {
		perm = 0o755
	}
	return a.FileFrom(name, perm, info.Size(), f)
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
