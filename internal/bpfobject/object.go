// SPDX-License-Identifier: Apache-2.0

// Package bpfobject compiles eBPF programs against an archive's headers.
package bpfobject

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/atomicfile"
	"github.com/rules-kheaders/rules_kheaders/internal/kmake"
)

// ErrShown is the error of a source that does not compile: clang's message has
// been shown, and there is nothing to add.
var ErrShown = errors.New("the compiler's message is above")

// An Object is an eBPF object file and what is made of it.
type Object struct {
	Tree     string   // the archive, unpacked; it is only read
	Source   string   // "NAME=FILE"
	Headers  []string // "NAME=FILE", found by these names
	Includes []string // directories of the headers to look in
	Flags    []string // for clang
	Clang    string   // the compiler; "" for the PATH's
	// BTF is a kernel's, raw or in its vmlinux: vmlinux.h is made of it, and the
	// archive's headers are not looked at. "" for the archive's headers.
	BTF     string
	Bpftool string // makes vmlinux.h and the skeleton

	Out      string
	Skeleton string // where the skeleton goes, or ""
	Name     string // the skeleton's name of the object

	Scratch string
	Log     io.Writer

	target target
}

// Build compiles the object.
func (o Object) Build() (err error) {
	tree := o.Tree
	if err := kmake.Absolute(&o.Tree, &o.Scratch, &o.BTF); err != nil {
		return err
	}
	options := filepath.Join(o.Tree, "include/config/auto.conf")
	config, err := kmake.ReadConfig(options)
	if err != nil {
		return fmt.Errorf("compile against %s: %w; it is no archive, or its profile is 'tracing': pack it with profile = \"module\"", tree, err)
	}
	if o.target, err = targetOf(config); err != nil {
		return fmt.Errorf("compile against %s: %w", tree, err)
	}
	if (o.BTF != "" || o.Skeleton != "") && o.Bpftool == "" {
		return errors.New("vmlinux.h and skeletons are made by bpftool; give --bpftool")
	}
	remove, err := kmake.MakeScratch(o.Scratch)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	root := filepath.Join(o.Scratch, "source")
	for _, file := range append([]string{o.Source}, o.Headers...) {
		if err := place(root, file); err != nil {
			return err
		}
	}
	if o.BTF != "" {
		if err := o.vmlinuxHeader(root); err != nil {
			return err
		}
	}
	object := filepath.Join(o.Scratch, "object.o")
	if err := o.compile(root, tree, object); err != nil {
		return err
	}
	if o.Skeleton == "" {
		return kmake.CopyFile(object, o.Out)
	}
	skeleton, err := o.skeleton(object)
	if err != nil {
		return err
	}
	if err := kmake.CopyFile(object, o.Out); err != nil {
		return err
	}
	return atomicfile.Write(o.Skeleton, 0o644, func(f *os.File) error {
		_, err := f.Write(skeleton)
		return err
	})
}

func place(root, file string) error {
	name, from, ok := strings.Cut(file, "=")
	if !ok || !filepath.IsLocal(name) {
		return fmt.Errorf("source %q: expected NAME=FILE, NAME relative to the sources' directory", file)
	}
	to := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return kmake.CopyFile(from, to)
}

// vmlinuxHeader writes vmlinux.h: all types of a kernel, from its BTF.
func (o Object) vmlinuxHeader(root string) error {
	out, err := kmake.Run(o.Log, o.Scratch, o.Scratch, absoluteProgram(o.Bpftool), "btf", "dump", "file", o.BTF, "format", "c")
	if err != nil {
		return fmt.Errorf("make vmlinux.h of %s: %w", o.BTF, err)
	}
	return os.WriteFile(filepath.Join(root, "vmlinux.h"), out, 0o644)
}

// absoluteProgram makes a path of a program absolute; a bare name is the PATH's.
func absoluteProgram(program string) string {
	if strings.Contains(program, "/") {
		if abs, err := filepath.Abs(program); err == nil {
			return abs
		}
	}
	return program
}

// args are clang's arguments, but for the input and the output.
func (o Object) args(root string) ([]string, error) {
	args := []string{"-target", o.target.clang(), "-O2", "-g", "-Wall", "-D__TARGET_ARCH_" + o.target.name,
		// Nothing of the machine that compiles, but clang's own stddef.h.
		"-nostdlibinc",
		"-ffile-prefix-map=" + root + "/=", "-ffile-prefix-map=" + o.Tree + "/=", "-ffile-compilation-dir=."}
	if strings.Contains(o.Clang, "/") && !filepath.IsAbs(o.Clang) {
		// A clang of the build's own finds its headers, as stddef.h, by its own real path.
		clang, err := filepath.EvalSymlinks(absoluteProgram(o.Clang))
		if err != nil {
			return nil, fmt.Errorf("find clang: %w", err)
		}
		args = append(args, "-ffile-prefix-map="+filepath.Dir(filepath.Dir(clang))+"/=")
	}
	for _, dir := range o.Includes {
		if dir != "." && !filepath.IsLocal(dir) {
			return nil, fmt.Errorf("include directory %q: expected one of the sources' own", dir)
		}
		args = append(args, "-I"+filepath.Join(root, dir))
	}
	args = append(args, "-I"+root)
	if o.BTF == "" {
		// The kernel's own order (top Makefile, USERINCLUDE). clang's BPF target
		// does not know the inline assembler of the headers behind these.
		words := filepath.Join(o.Scratch, "shim")
		if err := writeShim(words, o.target.word); err != nil {
			return nil, err
		}
		args = append(append(args, o.target.defines()...), "-isystem", words, "-include", filepath.Join(words, "words.h"))
		arch := "arch/" + o.target.name
		for _, dir := range []string{arch + "/include/uapi", arch + "/include/generated/uapi", "include/uapi", "include/generated/uapi", "include"} {
			args = append(args, "-isystem", filepath.Join(o.Tree, dir))
		}
		args = append(args, "-include", filepath.Join(o.Tree, "include/linux/kconfig.h"))
	}
	return append(args, o.Flags...), nil
}

// compile runs clang, whose message is all that is shown when it fails.
func (o Object) compile(root, tree, object string) error {
	args, err := o.args(root)
	if err != nil {
		return err
	}
	clang := absoluteProgram(o.Clang)
	if clang == "" {
		clang = "clang"
	}
	name, given, _ := strings.Cut(o.Source, "=")
	var log bytes.Buffer
	out, err := kmake.Run(&log, o.Scratch, o.Scratch, clang, append(args, "-c", filepath.Join(root, name), "-o", object)...)
	shown := strings.ReplaceAll(string(out), filepath.Join(root, name), given)
	shown = strings.ReplaceAll(strings.ReplaceAll(shown, root+"/", ""), o.Tree+"/", tree+"/")
	if _, err := io.WriteString(o.Log, shown); err != nil {
		return err
	}
	if err != nil && len(out) > 0 {
		return ErrShown
	}
	if err != nil {
		return fmt.Errorf("compile %s: %w", given, err)
	}
	return nil
}

// skeleton is a C header by which a program carries and loads the object.
func (o Object) skeleton(object string) ([]byte, error) {
	out, err := kmake.Run(o.Log, o.Scratch, o.Scratch, absoluteProgram(o.Bpftool), "gen", "skeleton", object, "name", o.Name)
	if err != nil {
		return nil, fmt.Errorf("make the skeleton of %s: %w", o.Name, err)
	}
	return out, nil
}
