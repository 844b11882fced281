// SPDX-License-Identifier: Apache-2.0

package symvers

import (
	"bytes"
	"fmt"
)

// A File is a Module.symvers and its name, for the errors.
type File struct {
	Name    string
	Content []byte
}

// Join makes one Module.symvers out of several that a kernel's parts were built
// with: vmlinux and its modules, and those of a vendor. A symbol may be in two
// of them, as the same; the lines keep their order.
func Join(files ...File) ([]byte, error) {
	type place struct {
		symbol Symbol
		file   string
	}
	var out []byte
	var all []Symbol
	seen := map[string]place{}
	for _, f := range files {
		symbols, err := Parse(f.Name, f.Content)
		if err != nil {
			return nil, err
		}
		lines := bytes.SplitAfter(f.Content, []byte("\n"))
		for i, s := range symbols {
			first, ok := seen[s.Name]
			if !ok {
				seen[s.Name] = place{s, f.Name}
				all = append(all, s)
				out = append(out, lines[i]...)
				continue
			}
			if first.symbol.CRC != s.CRC {
				return nil, fmt.Errorf("symbol %s has the CRC 0x%08x in %s and 0x%08x in %s; they are of different builds", s.Name, first.symbol.CRC, first.file, s.CRC, f.Name)
			}
			if first.symbol.Module != s.Module {
				return nil, fmt.Errorf("symbol %s is exported by %s in %s and by %s in %s; a kernel has one of them", s.Name, first.symbol.Module, first.file, s.Module, f.Name)
			}
			if first.symbol.Export != s.Export {
				return nil, fmt.Errorf("symbol %s is exported with %s in %s and with %s in %s; they are of different builds", s.Name, first.symbol.Export, first.file, s.Export, f.Name)
			}
			if first.symbol.Namespace != s.Namespace {
				return nil, fmt.Errorf("symbol %s is in the namespace %q in %s and in %q in %s; they are of different builds", s.Name, first.symbol.Namespace, first.file, s.Namespace, f.Name)
			}
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no Module.symvers was given")
	}
	name := files[0].Name
	if len(files) > 1 {
		name = fmt.Sprintf("%s and %d more", name, len(files)-1)
	}
	return out, Check(name, all, false)
}
