// SPDX-License-Identifier: Apache-2.0

// Loader loads eBPF objects one after another and says of each whether the
// kernel accepts it, with the verifier's log where it does not. Then it attaches
// what the object has for functions and tracepoints of the kernel, has its own
// files written and read, and says whether the object's maps count that.
package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"github.com/cilium/ebpf/rlimit"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "loader: %v\n", err)
		os.Exit(1)
	}
}

// times is how often the program does what objects may count.
const times = 50

func run(objects []string, w io.Writer) error {
	if len(objects) == 0 {
		return errors.New("got no objects, expected OBJECT...")
	}
	if err := rlimit.RemoveMemlock(); err != nil {
		return err
	}
	for _, object := range objects {
		name := strings.TrimSuffix(filepath.Base(object), ".o")
		r, err := load(object)
		var refused *ebpf.VerifierError
		switch {
		case errors.As(err, &refused):
			fmt.Fprintf(w, "loader: %s: refused: %v\n%+v\n", name, strings.ReplaceAll(err.Error(), "\n", " "), refused)
		case err != nil:
			fmt.Fprintf(w, "loader: %s: failed: %v\n", name, strings.ReplaceAll(err.Error(), "\n", " "))
		default:
			fmt.Fprintf(w, "loader: %s: loaded %d of %d programs, counted %d\n", name, r.loaded, r.programs, r.counted)
		}
	}
	return nil
}

// A result is what became of an object.
type result struct {
	programs, loaded int
	counted          uint64 // by its maps
}

// ofProgram is how an error of NewCollection names the program that it is about.
var ofProgram = regexp.MustCompile(`\bprogram (\w+): `)

// load loads an object, attaches it and has it count. A program for a function
// that this kernel does not have is left out, as the objects' own loaders do.
func load(object string) (r result, err error) {
	spec, err := ebpf.LoadCollectionSpec(object)
	if err != nil {
		return r, err
	}
	r.programs = len(spec.Programs)
	objects, err := ebpf.NewCollection(spec)
	for err != nil {
		m := ofProgram.FindStringSubmatch(err.Error())
		if m == nil || len(spec.Programs) == 1 || spec.Programs[m[1]] == nil || !errors.Is(err, link.ErrNotSupported) && !errors.Is(err, os.ErrNotExist) {
			return r, err
		}
		delete(spec.Programs, m[1])
		objects, err = ebpf.NewCollection(spec)
	}
	defer objects.Close()
	r.loaded = len(spec.Programs)
	var attached []link.Link
	defer func() {
		for _, l := range attached {
			err = errors.Join(err, l.Close())
		}
	}()
	for name, program := range spec.Programs {
		// Another may not be there to attach to: then it does not count.
		if l, err := attach(program, objects.Programs[name]); err == nil {
			attached = append(attached, l)
		}
	}
	if len(attached) == 0 {
		return r, nil
	}
	before := sum(objects.Maps)
	if err := work(); err != nil {
		return r, err
	}
	r.counted = sum(objects.Maps) - before
	return r, nil
}

// attach attaches a program to what its section names.
func attach(spec *ebpf.ProgramSpec, program *ebpf.Program) (link.Link, error) {
	kind, target, _ := strings.Cut(spec.SectionName, "/")
	switch kind {
	case "kprobe":
		return link.Kprobe(target, program, nil)
	case "kretprobe":
		return link.Kretprobe(target, program, nil)
	case "tracepoint", "tp":
		group, name, _ := strings.Cut(target, "/")
		return link.Tracepoint(group, name, program, nil)
	case "raw_tp", "raw_tracepoint":
		return link.AttachRawTracepoint(link.RawTracepointOptions{Name: target, Program: program})
	case "tp_btf", "fentry", "fexit":
		return link.AttachTracing(link.TracingOptions{Program: program})
	}
	return nil, fmt.Errorf("section %s is attached by its own loader", spec.SectionName)
}

// work opens, writes, reads and removes a file, many times.
func work() error {
	file := filepath.Join(os.TempDir(), "counted")
	for range times {
		if err := os.WriteFile(file, []byte("counted"), 0o644); err != nil {
			return err
		}
		if _, err := os.ReadFile(file); err != nil {
			return err
		}
		if err := os.Remove(file); err != nil {
			return err
		}
	}
	return nil
}

// sum adds up the numbers in an object's maps, on all processors.
func sum(maps map[string]*ebpf.Map) uint64 {
	var total uint64
	for name, m := range maps {
		// Constants, which the loader itself has put there.
		if strings.HasPrefix(name, ".rodata") || m.ValueSize() != 4 && m.ValueSize() != 8 {
			continue
		}
		var key, value []byte
		var perCPU [][]byte
		entries := m.Iterate()
		switch m.Type() {
		case ebpf.Array, ebpf.Hash, ebpf.LRUHash:
			for entries.Next(&key, &value) {
				total += number(value)
			}
		case ebpf.PerCPUArray, ebpf.PerCPUHash, ebpf.LRUCPUHash:
			for entries.Next(&key, &perCPU) {
				for _, value := range perCPU {
					total += number(value)
				}
			}
		}
	}
	return total
}

func number(value []byte) uint64 {
	if len(value) == 4 {
		return uint64(binary.NativeEndian.Uint32(value))
	}
	return binary.NativeEndian.Uint64(value)
}
