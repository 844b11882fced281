// SPDX-License-Identifier: Apache-2.0

// Package symvers reads Module.symvers, the list of a kernel's exported symbols
// and their CRCs, as scripts/mod/modpost.c writes it (write_dump) and reads it
// back (read_dump).
package symvers

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Symbol is one line of the file.
type Symbol struct {
	CRC       uint32 // 0 without CONFIG_MODVERSIONS
	Name      string
	Module    string // path without suffix, or "vmlinux"
	Export    string // EXPORT_SYMBOL, EXPORT_SYMBOL_GPL, and in 5.10 and older three more
	Namespace string // "" for none
}

// Vmlinux is the module field of a symbol that is built in.
const Vmlinux = "vmlinux"

// ErrEmpty means a file without a single line, which modpost leaves behind when
// modules were not part of the build.
var ErrEmpty = errors.New("it is empty, expected a line for each exported symbol; build the kernel's 'modules' goal too (Kleaf: \"modules\" in make_goals of kernel_build)")

// Parse reads a whole Module.symvers: five fields a line, the last of which is
// the namespace and may be empty. modpost of 5.10 and later takes no line with
// four (scripts/mod/modpost.c, read_dump). name is the file's, for the errors, which begin with
// it and the line.
func Parse(name string, p []byte) ([]Symbol, error) {
	if len(bytes.TrimSpace(p)) == 0 {
		return nil, fmt.Errorf("%s: %w", name, ErrEmpty)
	}
	if p[len(p)-1] != '\n' {
		return nil, fmt.Errorf("%s:%d: the last line has no end: the file is cut short", name, bytes.Count(p, []byte{'\n'})+1)
	}
	n := bytes.Count(p, []byte{'\n'})
	symbols := make([]Symbol, 0, n)
	seen := make(map[string]int, n)
	line := 0
	for text := range strings.Lines(string(p)) {
		line++
		s, err := parseLine(strings.TrimSuffix(text, "\n"))
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, line, err)
		}
		if first, ok := seen[s.Name]; ok {
			return nil, fmt.Errorf("%s:%d: symbol %s is listed twice, first in line %d", name, line, s.Name, first)
		}
		seen[s.Name] = line
		symbols = append(symbols, s)
	}
	return symbols, nil
}

func parseLine(text string) (Symbol, error) {
	f := strings.Split(text, "\t")
	if len(f) == 4 {
		return Symbol{}, fmt.Errorf("got 4 fields, expected 5 (CRC, symbol, module, export, namespace) with tabs between; a tab comes before an empty namespace too, and editors take it away")
	}
	if len(f) != 5 {
		return Symbol{}, fmt.Errorf("got %d fields, expected 5 (CRC, symbol, module, export, namespace) with tabs between", len(f))
	}
	digits, ok := strings.CutPrefix(f[0], "0x")
	crc, err := strconv.ParseUint(digits, 16, 32)
	if !ok || err != nil {
		return Symbol{}, fmt.Errorf("got %q, expected a CRC such as 0x1234abcd", f[0])
	}
	if f[1] == "" || f[2] == "" {
		return Symbol{}, fmt.Errorf("the symbol's or the module's name is empty")
	}
	for _, field := range f[1:] {
		if strings.ContainsFunc(field, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
			return Symbol{}, fmt.Errorf("got %q, expected a name without blanks", field)
		}
	}
	if !strings.HasPrefix(f[3], "EXPORT_") {
		return Symbol{}, fmt.Errorf("symbol %s: got %q, expected EXPORT_SYMBOL or EXPORT_SYMBOL_GPL in field 4", f[1], f[3])
	}
	return Symbol{CRC: uint32(crc), Name: f[1], Module: f[2], Export: f[3], Namespace: f[4]}, nil
}

// Check fails if no module could be built and loaded with these symbols: none
// of them is vmlinux's, or, with modversions, not one has a CRC. A single zero
// is ordinary: the CRC of an assembler symbol without a prototype.
func Check(name string, symbols []Symbol, modversions bool) error {
	var builtin, crcs bool
	for _, s := range symbols {
		builtin = builtin || s.Module == Vmlinux
		crcs = crcs || s.CRC != 0
	}
	if !builtin {
		return fmt.Errorf("%s: it has no symbol of vmlinux among its %d: it is of modules only; give the Module.symvers of a build of vmlinux and modules", name, len(symbols))
	}
	if modversions && !crcs {
		return fmt.Errorf("%s: all %d CRCs are 0x00000000, and the config says CONFIG_MODVERSIONS=y: it is of another build, or made before the CRCs were", name, len(symbols))
	}
	return nil
}
