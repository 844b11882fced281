// SPDX-License-Identifier: Apache-2.0

package bpfobject

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/kernel/kmake"
)

// clangArgs are clang's arguments, but for the input and the output.
func (o Object) clangArgs() ([]string, error) {
	root := o.root()
	target := o.target.clang()
	if o.Mode == Kernel {
		target = machines[o.target.name].triple[o.target.big]
	}
	args := []string{"-target", target, "-O2", "-g", "-Wall", "-D__TARGET_ARCH_" + o.target.name,
		// Nothing of the machine that compiles, but clang's own stddef.h.
		"-nostdlibinc",
		// Of two prefixes that fit, clang takes the last.
		"-ffile-prefix-map=" + o.Scratch + "/=", "-ffile-prefix-map=" + root + "/=", "-ffile-prefix-map=" + o.Tree + "/=", "-ffile-compilation-dir=."}
	if o.Mode == Kernel {
		args = append(args, o.kernelFlags()...)
	}
	if filepath.IsAbs(o.Clang) {
		// A clang of the build's own finds its headers, as stddef.h, by its own real path.
		clang, err := filepath.EvalSymlinks(o.Clang)
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
	headers, err := o.headerFlags()
	if err != nil {
		return nil, err
	}
	args = append(append(args, "-I"+root), headers...)
	if o.Mode == Kernel {
		_, flags := o.cpu()
		return append(args, flags...), nil
	}
	return append(args, o.Flags...), nil
}

// cpu divides the flags into -mcpu, which is eBPF's version, and the others:
// in the mode Kernel it is not clang that knows it.
func (o Object) cpu() (cpu, others []string) {
	for _, flag := range o.Flags {
		if strings.HasPrefix(flag, "-mcpu=") {
			cpu = append(cpu, flag)
		} else {
			others = append(others, flag)
		}
	}
	return cpu, others
}

// compile makes the object of one source, NAME below root.
func (o Object) compile(name, given, object string) error {
	args, err := o.clangArgs()
	if err != nil {
		return err
	}
	source := filepath.Join(o.root(), name)
	if o.Mode != Kernel {
		return o.run(given, source, o.Clang, "clang", append(args, "-c", source, "-o", object)...)
	}
	// clang reads the headers for the kernel's own machine, whose inline assembler
	// they are full of, and stops before it optimizes: from there on it is a
	// program for eBPF, of which opt and llc know what it can do. Functions that
	// the program does not use are gone by then, and their assembler with them.
	//
	// samples/bpf/Makefile does the same.
	ir, optimized := object+".bc", object+".opt.bc"
	if err := o.run(given, source, o.Clang, "clang", append(args, "-emit-llvm", "-Xclang", "-disable-llvm-passes", "-c", source, "-o", ir)...); err != nil {
		return err
	}
	cpu, _ := o.cpu()
	if err := o.run(given, source, o.Opt, "opt", append(cpu, "-O2", "-mtriple="+o.target.clang(), "-o", optimized, ir)...); err != nil {
		return err
	}
	return o.run(given, source, o.Llc, "llc", append(cpu, "-march="+o.target.clang(), "-filetype=obj", "-o", object, optimized)...)
}

// run runs a program of LLVM's in the sources' directory, whose lines llc puts
// into the object for the verifier's log. The program's message is all that is
// shown when it fails.
func (o Object) run(given, source, program, name string, args ...string) error {
	if program == "" {
		program = name
	}
	var log bytes.Buffer
	out, err := kmake.Run(&log, o.root(), o.Scratch, program, args...)
	shown := strings.ReplaceAll(withoutTrace(string(out)), source, given)
	shown = strings.ReplaceAll(strings.ReplaceAll(shown, o.root()+"/", ""), o.Tree+"/", o.tree+"/")
	if _, err := io.WriteString(o.Log, shown); err != nil {
		return err
	}
	if err == nil {
		return nil
	}
	if len(out) == 0 {
		return fmt.Errorf("compile %s: %w", given, err)
	}
	if name == "llc" {
		return &Refusal{fmt.Sprintf("compile %s: llc finds no eBPF for code that the program uses of the kernel's headers (its message is above); "+
			"expected no function with %s instructions of its own; read what it reads by bpf_probe_read_kernel", given, o.target.name)}
	}
	if refusal := o.refusal(given, string(out)); refusal != nil {
		return refusal
	}
	return ErrShown
}
