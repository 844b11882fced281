// SPDX-License-Identifier: Apache-2.0

// Package bpfobject compiles eBPF programs against an archive's headers.
package bpfobject

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/cli/atomicfile"
	"github.com/rules-kheaders/rules_kheaders/internal/cli/pair"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/kmake"
)

// ErrShown is the error of a source that does not compile: clang's message has
// been shown, and there is nothing to add.
var ErrShown = errors.New("the compiler's message is above")

// An Object is an eBPF object file and what is made of it.
type Object struct {
	Tree     string   // the archive, unpacked; it is only read
	Mode     Mode     // which headers the program sees
	Sources  []string // "NAME=FILE"; several are linked into one object
	Headers  []string // "NAME=FILE", found by these names
	Includes []string // directories of the headers to look in
	Flags    []string // for clang
	BTF      string   // a kernel's, raw or in its vmlinux: vmlinux.h is made of it in the mode BTF

	Clang   string // the compiler; "" for the PATH's, as for the others
	Opt     string // LLVM's optimizer, for the mode Kernel
	Llc     string // LLVM's code generator, for the mode Kernel
	Bpftool string // makes vmlinux.h and the skeleton, and links

	Out      string
	Skeleton string // where the skeleton goes, or ""
	Name     string // the skeleton's name of the object

	Scratch string
	Log     io.Writer

	target target
	kernel kernel
	tree   string // as it was given, for messages
}

// Build compiles the object.
func (o Object) Build() (err error) {
	o.tree = o.Tree
	if err := kmake.Absolute(&o.Tree, &o.Scratch, &o.BTF); err != nil {
		return err
	}
	for _, program := range []*string{&o.Clang, &o.Opt, &o.Llc, &o.Bpftool} {
		*program = absoluteProgram(*program)
	}
	if err := o.readKernel(); err != nil {
		return fmt.Errorf("compile against %s: %w", o.tree, err)
	}
	if (o.Mode == BTF || o.Skeleton != "" || len(o.Sources) > 1) && o.Bpftool == "" {
		return errors.New("bpftool makes vmlinux.h and skeletons and links several sources; give --bpftool")
	}
	remove, err := kmake.MakeScratch(o.Scratch)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	if err := o.place(); err != nil {
		return err
	}
	object, err := o.compileAll()
	if err != nil {
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
	return atomicfile.WriteBytes(o.Skeleton, 0o644, skeleton)
}

// root is the directory that the sources and headers are put into by their names.
func (o Object) root() string { return filepath.Join(o.Scratch, "source") }

// place puts all that the compiler reads, but for the archive, below root.
func (o Object) place() error {
	files := map[string]string{}
	for _, file := range append(append([]string(nil), o.Sources...), o.Headers...) {
		name, from, err := pair.Local(file)
		if err != nil {
			return fmt.Errorf("source %w", err)
		}
		if other, ok := files[name]; ok && other != from {
			return fmt.Errorf("source %s: it is %s and %s; expected one file by that name", name, other, from)
		}
		files[name] = from
		to := filepath.Join(o.root(), name)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if err := kmake.CopyFile(from, to); err != nil {
			return err
		}
	}
	if o.Mode == BTF {
		return o.vmlinuxHeader()
	}
	return nil
}

// vmlinuxHeader writes vmlinux.h: all types of a kernel, from its BTF.
func (o Object) vmlinuxHeader() error {
	out, err := kmake.Run(o.Log, o.Scratch, o.Scratch, o.Bpftool, "btf", "dump", "file", o.BTF, "format", "c")
	if err != nil {
		return fmt.Errorf("make vmlinux.h of %s: %w", o.BTF, err)
	}
	return os.WriteFile(filepath.Join(o.root(), "vmlinux.h"), out, 0o644)
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

// compileAll compiles the sources and links them, where they are several.
func (o Object) compileAll() (string, error) {
	var objects []string
	for i, source := range o.Sources {
		name, given, _ := pair.Local(source)
		object := filepath.Join(o.Scratch, fmt.Sprintf("%d.o", i))
		if err := o.compile(name, given, object); err != nil {
			return "", err
		}
		objects = append(objects, object)
	}
	if len(objects) == 1 {
		return objects[0], nil
	}
	linked := filepath.Join(o.Scratch, "linked.o")
	if _, err := kmake.Run(o.Log, o.Scratch, o.Scratch, o.Bpftool, append([]string{"gen", "object", linked}, objects...)...); err != nil {
		return "", fmt.Errorf("link %s: %w", o.Out, err)
	}
	return linked, nil
}

// skeleton is a C header by which a program carries and loads the object.
func (o Object) skeleton(object string) ([]byte, error) {
	out, err := kmake.Run(o.Log, o.Scratch, o.Scratch, o.Bpftool, "gen", "skeleton", object, "name", o.Name)
	if err != nil {
		return nil, fmt.Errorf("make the skeleton of %s: %w", o.Name, err)
	}
	return out, nil
}
