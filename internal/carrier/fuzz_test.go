// SPDX-License-Identifier: Apache-2.0

package carrier

import (
	"bytes"
	"debug/elf"
	"strings"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/internal/carrier/carriertest"
)

// Whatever the bytes, Locate returns an error, or a region inside the file. In
// an ELF file that package debug/elf reads as well, it is inside the section
// that the name or the symbols are of.
func FuzzLocate(f *testing.F) {
	small := []byte("01234567")
	for _, e := range carriertest.All() {
		f.Add(e.Kernel(small).Bytes())
		f.Add(e.SectionKernel(".rodata1", small).Bytes())
	}
	e := carriertest.ELF{Is64: true, Type: elf.ET_EXEC, Machine: elf.EM_X86_64}
	k := e.SectionKernel(".rodata1", small)
	k.Sections = append(k.Sections,
		carriertest.Section{Name: ".rela.dyn", Type: elf.SHT_RELA, Flags: elf.SHF_ALLOC, Data: e.Rela(1)},
		carriertest.Section{Name: ".relr.dyn", Type: shtRELR, Flags: elf.SHF_ALLOC, Data: e.Words(8, 3)})
	f.Add(k.Bytes())
	f.Add(carriertest.Placeholder(f, capacity))
	f.Add(carriertest.Image(carriertest.Placeholder(f, capacity)))

	f.Fuzz(func(t *testing.T, p []byte) {
		got, err := locate(p, Options{})
		if err != nil {
			return
		}
		if got.Offset < 0 || got.Size <= 0 || got.Size%4 != 0 || got.Offset > int64(len(p))-got.Size {
			t.Fatalf("Locate = %+v in a file of %d bytes", got, len(p))
		}
		if got.How == ByMarker {
			return
		}
		oracle, err := elf.NewFile(bytes.NewReader(p))
		if err != nil {
			return // stricter than Locate where it need not be
		}
		if got.How == BySymbols {
			compareSymbols(t, oracle, got)
			return
		}
		s := oracle.Section(got.Name)
		if s == nil || int64(s.Offset) != got.Offset || int64(s.Size) != got.Size {
			t.Fatalf("Locate = %+v, debug/elf has %+v", got, s)
		}
	})
}

// compareSymbols fails unless the region is what package debug/elf says that the
// symbols are round. It has no section of a symbol whose index is an extended one.
func compareSymbols(t *testing.T, oracle *elf.File, got Region) {
	symbols, err := oracle.Symbols()
	if err != nil {
		return
	}
	start, end, _ := strings.Cut(got.Name, ",")
	values, section := map[string]uint64{}, elf.SHN_UNDEF
	for _, s := range symbols {
		if s.Name != start && s.Name != end || s.Section == elf.SHN_UNDEF {
			continue
		}
		if s.Section == elf.SHN_XINDEX {
			return
		}
		values[s.Name], section = s.Value, s.Section
	}
	if len(values) != 2 || int(section) >= len(oracle.Sections) {
		t.Fatalf("Locate = %+v, debug/elf has %#x in section %v", got, values, section)
	}
	s := oracle.Sections[section]
	base := s.Addr
	if oracle.Type == elf.ET_REL {
		base = 0
	}
	from, to := int64(s.Offset+(values[start]-base)), int64(s.Offset+(values[end]-base))
	if from != got.Offset || to-from != got.Size || from < int64(s.Offset) || to > int64(s.Offset+s.FileSize) {
		t.Fatalf("Locate = %+v, debug/elf has %d to %d in %+v", got, from, to, s.SectionHeader)
	}
}
