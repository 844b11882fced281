// SPDX-License-Identifier: Apache-2.0

// Bpfload loads an eBPF object, attaches its programs, runs a command, and
// prints what the object's map `counts` then holds.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "bpfload: %v\n", err)
		os.Exit(1)
	}
}

func run(args []string, w io.Writer) (err error) {
	if len(args) < 2 {
		return fmt.Errorf("got %d arguments, expected OBJECT COMMAND", len(args))
	}
	objects, err := ebpf.LoadCollection(args[0])
	var refused *ebpf.VerifierError
	if errors.As(err, &refused) {
		// Its error has the log's last line alone.
		fmt.Fprintf(w, "%+v\n", refused)
	}
	if err != nil {
		return fmt.Errorf("load %s: %w", args[0], err)
	}
	defer objects.Close()
	spec, err := ebpf.LoadCollectionSpec(args[0])
	if err != nil {
		return err
	}
	for name, program := range spec.Programs {
		attached, err := attach(program, objects.Programs[name])
		if err != nil {
			return fmt.Errorf("attach %s (%s): %w", name, program.SectionName, err)
		}
		defer func() { err = errors.Join(err, attached.Close()) }()
		fmt.Fprintf(w, "bpfload: attached %s to %s\n", name, program.SectionName)
	}
	command := exec.Command(args[1], args[2:]...)
	command.Stdout, command.Stderr = w, w
	if err := command.Run(); err != nil {
		return fmt.Errorf("run %s: %w", strings.Join(args[1:], " "), err)
	}
	counts, ok := objects.Maps["counts"]
	if !ok {
		return fmt.Errorf("%s has no map counts", args[0])
	}
	for i := range counts.MaxEntries() {
		var n uint64
		if err := counts.Lookup(i, &n); err != nil {
			return fmt.Errorf("read counts[%d]: %w", i, err)
		}
		fmt.Fprintf(w, "bpfload: counts[%d] = %d\n", i, n)
	}
	return nil
}

// attach attaches a program to what its section names.
func attach(spec *ebpf.ProgramSpec, program *ebpf.Program) (link.Link, error) {
	kind, _, _ := strings.Cut(spec.SectionName, "/")
	switch kind {
	case "kprobe":
		return link.Kprobe(spec.AttachTo, program, nil)
	case "raw_tp":
		return link.AttachRawTracepoint(link.RawTracepointOptions{Name: spec.AttachTo, Program: program})
	}
	return nil, errors.New("expected a section kprobe/FUNCTION or raw_tp/TRACEPOINT")
}
