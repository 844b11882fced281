// SPDX-License-Identifier: Apache-2.0

//go:build bazel

// Package bpf looks at what bpf_object makes.
package bpf

import (
	"bytes"
	"debug/elf"
	"os"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/tests/internal/testinput"
)

// An object of the kernel's own headers is eBPF with BTF, and nothing in it
// depends on where it was made.
func TestObject(t *testing.T) {
	name := testinput.File(t, "OBJECT")
	f, err := elf.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if f.Machine != elf.EM_BPF {
		t.Errorf("machine = %v, want %v", f.Machine, elf.EM_BPF)
	}
	for _, section := range []string{".BTF", ".BTF.ext", "raw_tp/sched_process_exec", ".maps"} {
		if f.Section(section) == nil {
			t.Errorf("no section %s", section)
		}
	}
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"execroot", "sandbox", ".scratch", "/usr/lib"} {
		if bytes.Contains(content, []byte(path)) {
			t.Errorf("the object has %q", path)
		}
	}
	// What the verifier's log shows of the program.
	if want := []byte("bpf_probe_read_kernel_str(comm, sizeof(comm), task->comm);"); !bytes.Contains(content, want) {
		t.Errorf("the object has no line %q", want)
	}
}

// Reduced BTF has the few types that the object asks for (Documentation/bpf/btf.rst: magic 0xeB9F).
func TestReducedBTF(t *testing.T) {
	content, err := os.ReadFile(testinput.File(t, "REDUCED"))
	if err != nil {
		t.Fatal(err)
	}
	if len(content) > 4096 || !bytes.HasPrefix(content, []byte{0x9f, 0xeb}) || !bytes.Contains(content, []byte("\x00module\x00")) {
		t.Errorf("got %d bytes, want at most 4096 of BTF with the type module", len(content))
	}
}
