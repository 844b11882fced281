// SPDX-License-Identifier: Apache-2.0

package bpfobject

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/rules-kheaders/rules_kheaders/internal/kernel/kmake"
)

// A Core is a kernel's BTF, reduced to what objects ask for when they are
// loaded: for a kernel that has none of its own.
type Core struct {
	BTF     string   // raw, or in vmlinux
	Objects []string // eBPF objects
	Bpftool string
	Out     string
	Scratch string
	Log     io.Writer
}

// Reduce writes the BTF.
func (c Core) Reduce() (err error) {
	if err := kmake.Absolute(&c.BTF, &c.Scratch); err != nil {
		return err
	}
	objects := append([]string(nil), c.Objects...)
	if err := kmake.AbsoluteAll(objects); err != nil {
		return err
	}
	remove, err := kmake.MakeScratch(c.Scratch)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	reduced := filepath.Join(c.Scratch, "reduced.btf")
	args := append([]string{"gen", "min_core_btf", c.BTF, reduced}, objects...)
	if _, err := kmake.Run(c.Log, c.Scratch, c.Scratch, absoluteProgram(c.Bpftool), args...); err != nil {
		return fmt.Errorf("reduce %s: %w", c.BTF, err)
	}
	return kmake.CopyFile(reduced, c.Out)
}
