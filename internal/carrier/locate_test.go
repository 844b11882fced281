// SPDX-License-Identifier: Apache-2.0

package carrier

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/internal/carrier/carriertest"
)

const capacity = 4096

var (
	symbolNames  = []string{DefaultStart, DefaultEnd}
	symbolRegion = DefaultStart + "," + DefaultEnd
)

func locate(p []byte, o Options) (Region, error) {
	return Locate(bytes.NewReader(p), int64(len(p)), o)
}

// Every class, byte order and type, by every way.
func TestLocate(t *testing.T) {
	reserved := carriertest.Placeholder(t, capacity)
	for name, f := range carriertest.All() {
		kind := strings.ReplaceAll(name, "-", " ")
		for _, tt := range []struct {
			name string
			file carriertest.ELF
			o    Options
			how  string
			at   string
		}{
			{"symbols", f.Kernel(reserved), Options{}, BySymbols, symbolRegion},
			{"section", f.SectionKernel(".rodata1", reserved), Options{}, BySection, ".rodata1"},
			{"section stripped", f.SectionKernel(".rodata1", reserved).Stripped(), Options{}, BySection, ".rodata1"},
			{"marker", f.Kernel(reserved).Without(symbolNames...), Options{}, ByMarker, ""},
			{"marker stripped", f.Kernel(reserved).Stripped(), Options{}, ByMarker, ""},
			{"named section", f.SectionKernel(".init.rodata", reserved), Options{Section: ".init.rodata"}, BySection, ".init.rodata"},
			{"named symbols", f.Kernel(reserved), Options{Start: "kernel_headers_data", End: "kernel_headers_data_end"}, BySymbols, symbolRegion},
			{"both named", f.SectionKernel(".k", reserved), Options{Section: ".k", Start: DefaultStart, End: DefaultEnd}, BySection, ".k"},
		} {
			t.Run(name+"/"+tt.name, func(t *testing.T) {
				p := tt.file.Bytes()
				got, err := locate(p, tt.o)
				if err != nil {
					t.Fatal(err)
				}
				if !strings.HasPrefix(got.Kind, kind+" ") {
					t.Errorf("Kind = %q, want %q first", got.Kind, kind)
				}
				got.Kind = ""
				want := Region{Offset: int64(bytes.Index(p, reserved)), Size: capacity, How: tt.how, Name: tt.at, Release: carriertest.Release}
				if len(tt.file.Symbols) == 0 && f.Type != elf.ET_REL {
					want.Release = ""
				}
				if got != want {
					t.Errorf("Locate = %+v, want %+v", got, want)
				}
			})
		}
	}
}

func TestLocateFlat(t *testing.T) {
	reserved := carriertest.Placeholder(t, capacity)
	riscv := carriertest.Image(reserved)
	copy(riscv[0x38:], "RSC\x05")
	plain := append([]byte("text"), reserved...)
	for _, tt := range []struct {
		name string
		file []byte
		want Region
	}{
		{"arm64", carriertest.Image(reserved), Region{Kind: "raw Image arm64"}},
		{"riscv", riscv, Region{Kind: "raw Image riscv"}},
		{"other", plain, Region{Kind: "raw"}},
		{"placeholder", reserved, Region{Kind: "archive"}},
		{"archive", carriertest.Bytes(t, carriertest.Archive(t, "6.1"), capacity), Region{Kind: "archive"}},
	} {
		got, err := locate(tt.file, Options{})
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		tt.want.Offset, tt.want.Size, tt.want.How = int64(max(0, bytes.Index(tt.file, reserved))), capacity, ByMarker
		if got != tt.want {
			t.Errorf("%s: Locate = %+v, want %+v", tt.name, got, tt.want)
		}
	}
	if got := ScanRelease(bytes.NewReader(riscv), int64(len(riscv))); got != carriertest.Release {
		t.Errorf("ScanRelease = %q, want %q", got, carriertest.Release)
	}
	for _, text := range []string{"Linux version 2.6.32 or later is needed\x00", "Linux version 6.1", "Linux version 6.1 ", "Linux version 6.1 \x00"} {
		if got := ScanRelease(strings.NewReader(text), int64(len(text))); got != "" {
			t.Errorf("ScanRelease(%q) = %q, want none", text, got)
		}
		text += carriertest.Before
		if got := ScanRelease(strings.NewReader(text), int64(len(text))); got != carriertest.Release {
			t.Errorf("ScanRelease(%q) = %q, want %q", text, got, carriertest.Release)
		}
	}
}

// set returns an Edit that changes one section's header.
func set(name string, change func(h *carriertest.Header)) func([]carriertest.Header) {
	return func(headers []carriertest.Header) {
		for i := range headers {
			if headers[i].Name == name {
				change(&headers[i])
			}
		}
	}
}

func TestLocateErrors(t *testing.T) {
	reserved := carriertest.Placeholder(t, capacity)
	exec := carriertest.ELF{Is64: true, Type: elf.ET_EXEC, Machine: elf.EM_X86_64}
	rel := carriertest.ELF{Is64: true, Type: elf.ET_REL, Machine: elf.EM_X86_64}
	kernel, section := exec.Kernel(reserved), exec.SectionKernel(".rodata1", reserved)
	edit := func(f carriertest.ELF, name string, change func(h *carriertest.Header)) carriertest.ELF {
		f.Edit = set(name, change)
		return f
	}
	with := func(f carriertest.ELF, extra ...carriertest.Section) carriertest.ELF {
		f.Sections = append(f.Sections[:len(f.Sections):len(f.Sections)], extra...)
		return f
	}
	symbol := func(f carriertest.ELF, name string, change func(s *carriertest.Symbol)) carriertest.ELF {
		f.Symbols = append([]carriertest.Symbol(nil), f.Symbols...)
		for i := range f.Symbols {
			if f.Symbols[i].Name == name {
				change(&f.Symbols[i])
			}
		}
		return f
	}
	indices := carriertest.Section{Name: ".symtab_shndx", Type: elf.SHT_SYMTAB_SHNDX, Entry: 4, Data: bytes.Repeat([]byte{0xff}, 4*6)}
	relaRodata := carriertest.Section{Name: ".rela.rodata", Type: elf.SHT_RELA, Info: 2, Entry: 24, Data: rel.Rela(uint64(len(carriertest.Before)) + 100)}
	relaDyn := carriertest.Section{Name: ".rela.dyn", Type: elf.SHT_RELA, Flags: elf.SHF_ALLOC, Entry: 24, Data: exec.Rela(exec.Base()+0x20_0000-8, exec.Base()+0x20_0000)}
	relr := carriertest.Section{Name: ".relr.dyn", Type: shtRELR, Flags: elf.SHF_ALLOC, Entry: 8, Data: exec.Words(exec.Base()+0x20_0000-16, 0b111)}

	for _, tt := range []struct {
		name string
		file carriertest.ELF
		o    Options
		want string
	}{
		{"nothing", exec.Kernel([]byte("text")).Without(symbolNames...), Options{}, "no reservation found: expected section .rodata1, symbols kernel_headers_data and kernel_headers_data_end, or the marker of a placeholder; build the kernel"},
		{"missing section", kernel, Options{Section: ".x"}, "no section is named .x: expected it to hold the placeholder"},
		{"missing symbols", kernel, Options{Start: "a", End: "b"}, "no symbol a: expected the pair a, b round the placeholder"},
		{"half a pair", kernel.Without(DefaultEnd), Options{}, "no symbol kernel_headers_data_end: expected the pair"},
		{"undefined symbol", kernel, Options{Start: "printk", End: DefaultEnd}, "no symbol printk"},
		{"half of options", kernel, Options{Start: "a"}, `symbol pair is "a", "": expected both`},
		{"one symbol twice", kernel, Options{Start: "a", End: "a"}, `symbol pair is "a" twice`},
		{"long name", kernel, Options{Section: strings.Repeat("x", 2000)}, "name of 2000 bytes"},
		{"section against symbols", with(kernel, carriertest.Section{Name: ".rodata1", Flags: elf.SHF_ALLOC, Addr: 64, Data: make([]byte, 64)}), Options{}, "section .rodata1 (64 bytes at offset 4498) and symbols kernel_headers_data,kernel_headers_data_end (4096 bytes at offset"},
		{"named against symbols", with(kernel, carriertest.Section{Name: ".x", Flags: elf.SHF_ALLOC, Addr: 64, Data: make([]byte, 64)}), Options{Section: ".x"}, "disagree: expected the same bytes"},
		{"named against section", with(section, carriertest.Section{Name: ".x", Flags: elf.SHF_ALLOC, Addr: 64, Data: make([]byte, 64)}).Stripped(), Options{Section: ".x"}, "disagree: expected the same bytes"},
		{"two sections", with(section, carriertest.Section{Name: ".rodata1"}), Options{}, "2 sections are named .rodata1: expected one"},
		{"two markers", exec.Kernel(append(reserved[:capacity:capacity], reserved...)).Without(symbolNames...), Options{}, "2 reservations found, at offsets"},
		{"second reservation", with(section, carriertest.Section{Name: ".data", Data: reserved}), Options{}, "is not the only reservation: another has 4096 bytes at offset"},
		{"second in the same section", symbol(exec.Kernel(append(append(reserved[:capacity:capacity], "gap"...), reserved...)), DefaultEnd, func(s *carriertest.Symbol) { s.Value -= capacity + 3 }), Options{}, "is not the only reservation: another has 4096 bytes at offset"},
		{"capacity", symbol(kernel, DefaultEnd, func(s *carriertest.Symbol) { s.Value -= 2 }), Options{}, "symbols kernel_headers_data,kernel_headers_data_end has a capacity of 4094 bytes: expected a multiple of 4"},
		{"empty", exec.SectionKernel(".rodata1", nil), Options{}, "has a capacity of 0 bytes"},
		{"end before start", symbol(kernel, DefaultEnd, func(s *carriertest.Symbol) { s.Value -= capacity + 4 }), Options{}, "expected a start and an end inside it"},
		{"end behind section", symbol(kernel, DefaultEnd, func(s *carriertest.Symbol) { s.Value += 100 }), Options{}, "expected a start and an end inside it"},
		{"start before section", symbol(kernel, DefaultStart, func(s *carriertest.Symbol) { s.Value = 4 }), Options{}, "expected a start and an end inside it"},
		{"different sections", symbol(kernel, DefaultEnd, func(s *carriertest.Symbol) { s.Section = ".text" }), Options{}, "are in different sections, 2 and 1"},
		{"absolute symbol", symbol(kernel, DefaultEnd, func(s *carriertest.Symbol) { s.Index = elf.SHN_ABS }), Options{}, "symbol kernel_headers_data_end is in no section (SHN_ABS)"},
		{"section of symbol", symbol(kernel, DefaultEnd, func(s *carriertest.Symbol) { s.Index = 99 }), Options{}, "symbol kernel_headers_data_end is in section 99 of 8"},
		{"extended index", symbol(kernel, DefaultEnd, func(s *carriertest.Symbol) { s.Index = elf.SHN_XINDEX }), Options{}, "needs a table of extended section indices"},
		// Where an int has 32 bits, this is -1.
		{"extended index of no section", edit(with(symbol(kernel, DefaultEnd, func(s *carriertest.Symbol) { s.Index = elf.SHN_XINDEX }), indices), ".symtab_shndx", func(h *carriertest.Header) { h.Link = 6 }), Options{}, "is in section 4294967295 of 9"},
		{"symbol twice", symbol(kernel, "printk", func(s *carriertest.Symbol) { s.Name, s.Section, s.Value = DefaultEnd, ".text", 1 }), Options{}, "symbol kernel_headers_data_end is defined twice"},
		{"NOBITS section", edit(section, ".rodata1", func(h *carriertest.Header) { h.Type = elf.SHT_NOBITS }), Options{}, "section .rodata1 has no bytes in the file (SHT_NOBITS)"},
		{"NOBITS symbols", edit(kernel, ".rodata", func(h *carriertest.Header) { h.Type = elf.SHT_NOBITS }), Options{}, "section .rodata has no bytes in the file (SHT_NOBITS)"},
		{"wrong type", edit(section, ".rodata1", func(h *carriertest.Header) { h.Type = elf.SHT_NOTE }), Options{}, "is of type SHT_NOTE: expected SHT_PROGBITS"},
		{"compressed", edit(section, ".rodata1", func(h *carriertest.Header) { h.Flags |= uint64(elf.SHF_COMPRESSED) }), Options{}, "section .rodata1 is compressed"},
		{"outside", edit(section, ".rodata1", func(h *carriertest.Header) { h.Offset += 1 << 20 }), Options{}, "end outside the file of"},
		{"far outside", edit(section, ".rodata1", func(h *carriertest.Header) { h.Offset = 1<<64 - 4096 }), Options{}, "end outside the file of"},
		{"huge", edit(section, ".rodata1", func(h *carriertest.Header) { h.Size = 1<<64 - 4 }), Options{}, "end outside the file of"},
		{"overlap", edit(section, ".modinfo", func(h *carriertest.Header) { h.Size += 100 }), Options{}, "section .rodata1 overlaps section .modinfo: damaged ELF file"},
		{"inside another", edit(section, ".modinfo", func(h *carriertest.Header) { h.Size += 1 + capacity }), Options{}, "section .rodata1 overlaps section .modinfo: damaged ELF file"},
		{"overlap of header", edit(section.Stripped(), ".rodata1", func(h *carriertest.Header) { h.Offset = 32 }), Options{}, "section .rodata1 overlaps the ELF header"},
		{"segment", edit(section, ".rodata1", func(h *carriertest.Header) { h.Addr += 4; h.Size -= 4; h.Offset++ }).Stripped(), Options{}, "and at"},
		{"not loaded", edit(section, ".rodata1", func(h *carriertest.Header) { h.Addr = 4 }).Stripped(), Options{}, "is in no segment that is loaded"},
		{"relocation", with(rel.Kernel(reserved), relaRodata), Options{}, "section .rela.rodata has a relocation at 0x90, inside the reservation; expected plain data"},
		{"dynamic relocation", with(section, relaDyn), Options{}, "section .rela.dyn has a relocation at 0xffffffff81200000, inside the reservation"},
		{"packed relocation", with(section, relr), Options{}, "section .relr.dyn has a relocation at 0xffffffff81200000, inside the reservation"},
		{"symbol table size", edit(kernel, ".symtab", func(h *carriertest.Header) { h.Size-- }), Options{}, "read symbols: table of"},
		{"symbol table place", edit(kernel, ".symtab", func(h *carriertest.Header) { h.Offset = 1 << 40 }), Options{}, "read symbols: 144 bytes at offset 1099511627776 end outside the file"},
		{"symbol entry size", edit(kernel, ".symtab", func(h *carriertest.Header) { h.Entry = 1 }), Options{}, "read symbols: entries have 1 bytes, expected 24"},
		{"symbol names", edit(kernel, ".symtab", func(h *carriertest.Header) { h.Link = 99 }), Options{}, "read symbols: name table is section 99 of 8"},
		{"no string table", edit(kernel, ".strtab", func(h *carriertest.Header) { h.Type = elf.SHT_NOTE }), Options{}, "read symbols: name table is a section of type SHT_NOTE"},
		{"two symbol tables", edit(kernel, ".modinfo", func(h *carriertest.Header) { h.Type = elf.SHT_SYMTAB }), Options{}, "are both symbol tables"},
		{"section names", edit(kernel, ".shstrtab", func(h *carriertest.Header) { h.Size = 1 << 40 }), Options{}, "read section names:"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := locate(tt.file.Bytes(), tt.o)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Locate: error %v, want %q in it", err, tt.want)
			}
		})
	}
}

// Numbers that do not fit into the ELF header or a symbol are elsewhere (System V
// ABI, chapters 4 and 5).
func TestLocateExtendedNumbers(t *testing.T) {
	reserved := carriertest.Placeholder(t, capacity)
	for name, e := range carriertest.All() {
		// Sections: null, .text, .rodata, .bss, .modinfo, .symtab_shndx, .symtab.
		const rodata, symtab = 2, 6
		indices := e.Kernel(reserved)
		order := binary.AppendByteOrder(binary.LittleEndian)
		if e.BigEndian {
			order = binary.BigEndian
		}
		var table []byte
		for i := range 1 + len(indices.Symbols) {
			n := uint32(0xffff_ffff)
			if i > 0 && indices.Symbols[i-1].Section == ".rodata" {
				indices.Symbols[i-1].Index, n = elf.SHN_XINDEX, rodata
			}
			table = order.AppendUint32(table, n)
		}
		indices.Sections = append(indices.Sections, carriertest.Section{Name: ".symtab_shndx", Type: elf.SHT_SYMTAB_SHNDX, Entry: 4, Data: table})
		indices.Edit = set(".symtab_shndx", func(h *carriertest.Header) { h.Link = symtab })

		numbers := e.SectionKernel(".rodata1", reserved)
		segments := 0
		if e.Type != elf.ET_REL {
			segments = 4 // all sections but .modinfo
		}
		numbers.Edit = func(headers []carriertest.Header) {
			n := len(headers)
			headers[0].Size, headers[0].Link, headers[0].Info = uint64(n), uint32(n-1), uint32(segments)
		}
		escaped := numbers.Bytes()
		phnum, shnum := 44, 48
		if e.Is64 {
			phnum, shnum = 56, 60
		}
		copy(escaped[phnum:], "\xff\xff")         // PN_XNUM
		copy(escaped[shnum:], "\x00\x00\xff\xff") // e_shnum, and e_shstrndx: SHN_XINDEX

		none := e.SectionKernel(".rodata1", reserved).Bytes()
		shoff, word := 32, 4
		if e.Is64 {
			shoff, word = 40, 8
		}
		clear(none[shoff : shoff+word])
		clear(none[shnum : shnum+4])

		for _, tt := range []struct {
			name string
			file []byte
			want Region
		}{
			{"SHN_XINDEX", indices.Bytes(), Region{How: BySymbols, Name: symbolRegion, Release: carriertest.Release}},
			{"e_shnum", escaped, Region{How: BySection, Name: ".rodata1", Release: carriertest.Release}},
			{"e_shoff", none, Region{How: ByMarker}},
		} {
			if tt.name == "e_shoff" && e.Type == elf.ET_REL {
				if _, err := locate(tt.file, Options{}); err == nil || !strings.Contains(err.Error(), "is in no section, and in no segment that is loaded") {
					t.Errorf("%s, %s: error %v", name, tt.name, err)
				}
				continue
			}
			got, err := locate(tt.file, Options{})
			tt.want.Kind, tt.want.Offset, tt.want.Size = got.Kind, int64(bytes.Index(tt.file, reserved)), capacity
			if err != nil || got != tt.want {
				t.Errorf("%s, %s: Locate = %+v, %v; want %+v", name, tt.name, got, err, tt.want)
			}
		}
		// The segments are read: one that loads other bytes is an error.
		if e.Type != elf.ET_REL {
			numbers.Edit = func(headers []carriertest.Header) {
				n := len(headers)
				headers[0].Size, headers[0].Link, headers[0].Info = uint64(n), uint32(n-1), uint32(segments)
				set(".rodata1", func(h *carriertest.Header) { h.Addr = 4 })(headers)
			}
			p := numbers.Stripped().Bytes()
			copy(p[phnum:], "\xff\xff")
			if _, err := locate(p, Options{}); err == nil || !strings.Contains(err.Error(), "is in no segment that is loaded") {
				t.Errorf("%s, e_phnum: error %v", name, err)
			}
		}
	}
}

// What a caller names wins over a .rodata1 that is something else's.
func TestLocateForeignRodata1(t *testing.T) {
	reserved := carriertest.Placeholder(t, capacity)
	f := carriertest.ELF{Is64: true, Type: elf.ET_EXEC, Machine: elf.EM_X86_64}.Kernel(reserved)
	f.Sections = append(f.Sections, carriertest.Section{Name: ".rodata1", Flags: elf.SHF_ALLOC, Addr: 64, Data: []byte("tables")})
	got, err := locate(f.Bytes(), Options{Start: DefaultStart, End: DefaultEnd})
	if err != nil || got.How != BySymbols {
		t.Errorf("Locate = %+v, %v; want it by symbols", got, err)
	}
}

// A relocation beside the reservation is no matter.
func TestLocateRelocationOutside(t *testing.T) {
	reserved := carriertest.Placeholder(t, capacity)
	f := carriertest.ELF{Is64: true, Type: elf.ET_REL, Machine: elf.EM_X86_64}.Kernel(reserved)
	n := uint64(len(carriertest.Before))
	f.Sections = append(f.Sections,
		carriertest.Section{Name: ".rela.rodata", Type: elf.SHT_RELA, Info: 2, Entry: 24, Data: f.Rela(0, n-8, n+capacity)},
		carriertest.Section{Name: ".rela.text", Type: elf.SHT_RELA, Info: 1, Entry: 24, Data: f.Rela(n)})
	if _, err := locate(f.Bytes(), Options{}); err != nil {
		t.Error(err)
	}
}

// A relocation that begins before the reservation may write into it. What it
// writes is known by its type.
func TestLocateRelocationBefore(t *testing.T) {
	reserved := carriertest.Placeholder(t, capacity)
	for _, tt := range []struct {
		machine elf.Machine
		is64    bool
		table   elf.SectionType
		typ     uint32
		size    uint64 // bytes written
	}{
		{elf.EM_X86_64, true, elf.SHT_RELA, uint32(elf.R_X86_64_64), 8},
		{elf.EM_X86_64, true, elf.SHT_RELA, uint32(elf.R_X86_64_RELATIVE), 8},
		{elf.EM_X86_64, true, elf.SHT_RELA, uint32(elf.R_X86_64_PC32), 4},
		{elf.EM_X86_64, true, elf.SHT_RELA, uint32(elf.R_X86_64_32S), 4},
		{elf.EM_X86_64, true, elf.SHT_RELA, uint32(elf.R_X86_64_16), 2},
		{elf.EM_X86_64, true, elf.SHT_RELA, uint32(elf.R_X86_64_8), 1},
		{elf.EM_386, false, elf.SHT_REL, uint32(elf.R_386_32), 4},
		{elf.EM_386, false, elf.SHT_REL, uint32(elf.R_386_RELATIVE), 4},
		{elf.EM_386, false, elf.SHT_REL, uint32(elf.R_386_PC16), 2},
		{elf.EM_AARCH64, true, elf.SHT_RELA, uint32(elf.R_AARCH64_ABS64), 8},
		{elf.EM_AARCH64, true, elf.SHT_RELA, uint32(elf.R_AARCH64_RELATIVE), 8},
		{elf.EM_AARCH64, true, elf.SHT_RELA, uint32(elf.R_AARCH64_PREL32), 4},
		{elf.EM_AARCH64, true, elf.SHT_RELA, uint32(elf.R_AARCH64_ABS16), 2},
		{elf.EM_ARM, false, elf.SHT_REL, uint32(elf.R_ARM_ABS32), 4},
		{elf.EM_ARM, false, elf.SHT_REL, uint32(elf.R_ARM_PREL31), 4},
		{elf.EM_ARM, false, elf.SHT_REL, uint32(elf.R_ARM_ABS16), 2},
		{elf.EM_RISCV, true, elf.SHT_RELA, uint32(elf.R_RISCV_64), 8},
		{elf.EM_RISCV, true, elf.SHT_RELA, uint32(elf.R_RISCV_RELATIVE), 8},
		{elf.EM_RISCV, false, elf.SHT_RELA, uint32(elf.R_RISCV_RELATIVE), 4},
		{elf.EM_RISCV, true, elf.SHT_RELA, uint32(elf.R_RISCV_32), 4},
		{elf.EM_RISCV, true, elf.SHT_RELA, uint32(elf.R_RISCV_SET16), 2},
		{elf.EM_PPC64, true, elf.SHT_RELA, uint32(elf.R_PPC64_ADDR64), 1}, // not known
		{elf.EM_MIPS, false, elf.SHT_REL, uint32(elf.R_MIPS_32), 1},       // not known
	} {
		for _, typ := range []elf.Type{elf.ET_REL, elf.ET_EXEC} {
			e := carriertest.ELF{Is64: tt.is64, Type: typ, Machine: tt.machine}
			kernel := e.Kernel(reserved)
			start := uint64(len(carriertest.Before))
			if typ != elf.ET_REL {
				start += e.Base() + 0x10_0000
			}
			for _, at := range []struct {
				place uint64
				hit   bool
			}{
				{start - tt.size, false},
				{start - tt.size + 1, true},
				{start, true},
				{start + capacity - 1, true},
				{start + capacity, false},
			} {
				f := kernel
				f.Sections = append(f.Sections[:len(f.Sections):len(f.Sections)],
					carriertest.Section{Name: ".rel.rodata", Type: tt.table, Info: 2, Data: e.Relocations(tt.table, tt.typ, 0, at.place)})
				_, err := locate(f.Bytes(), Options{})
				if at.hit && (err == nil || !strings.Contains(err.Error(), "section .rel.rodata has a relocation at ")) || !at.hit && err != nil {
					t.Errorf("%v %v, type %d, %d bytes, at start%+d: error %v; want one: %v", tt.machine, typ, tt.typ, tt.size, int64(at.place-start), err, at.hit)
				}
			}
		}
	}
}

// Sections that share their bytes are not read once for each.
func TestLocateOverlapping(t *testing.T) {
	for name, more := range map[string]carriertest.Section{
		"data":        {Name: ".more", Flags: elf.SHF_ALLOC, Data: make([]byte, 4080)},
		"relocations": {Name: ".more", Type: elf.SHT_RELA, Flags: elf.SHF_ALLOC, Data: make([]byte, 4080)},
	} {
		f := carriertest.ELF{Is64: true, Type: elf.ET_DYN, Machine: elf.EM_X86_64}.SectionKernel(".rodata1", carriertest.Placeholder(t, capacity))
		for range 20 {
			f.Sections = append(f.Sections, more)
		}
		if _, err := locate(f.Bytes(), Options{}); err != nil {
			t.Errorf("%s, apart: %v", name, err)
		}
		f.Edit = func(headers []carriertest.Header) {
			first := -1
			for i := range headers {
				if h := &headers[i]; h.Name != ".more" {
					continue
				} else if first < 0 {
					first = i
				} else {
					h.Offset = headers[first].Offset
				}
				headers[i].Size = 20 * 4080
			}
		}
		if _, err := locate(f.Bytes(), Options{}); err == nil || !strings.Contains(err.Error(), "section .more overlaps others") {
			t.Errorf("%s: error %v, want that they overlap", name, err)
		}
	}
}

// many adds n sections to f, behind all others, which so many must be counted in
// the header of the null section.
func many(f carriertest.ELF, n int) []byte {
	p := f.Bytes()
	shnum := int(binary.LittleEndian.Uint16(p[60:]))
	header := p[len(p)-64*shnum:]
	binary.LittleEndian.PutUint64(header[32:], uint64(shnum+n))
	clear(p[60:62])
	return append(p, make([]byte, 64*n)...)
}

// Section headers are not kept: as many as there may be would take much more than
// the 16 MiB of memory that stamp is to have.
func TestLocateManySectionsMemory(t *testing.T) {
	f := carriertest.ELF{Is64: true, Type: elf.ET_REL, Machine: elf.EM_X86_64}.Kernel(carriertest.Placeholder(t, capacity))
	p := many(f, 200_000)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := locate(p, Options{})
	runtime.ReadMemStats(&after)
	if err != nil {
		t.Fatal(err)
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > 4<<20 {
		t.Errorf("allocated %d bytes in all, want at most 4 MiB", n)
	}
}

// The table of extended indices may be behind many sections, and many symbols
// need it: looking for it each time takes 20 seconds.
func TestLocateManyExtendedIndices(t *testing.T) {
	f := carriertest.ELF{Is64: true, Type: elf.ET_REL, Machine: elf.EM_X86_64}.Kernel(carriertest.Placeholder(t, capacity))
	for i := range f.Symbols {
		if s := &f.Symbols[i]; s.Name == bannerSymbol {
			s.Index = elf.SHN_XINDEX
		}
	}
	const symbols = 100_000
	for len(f.Symbols) < symbols {
		f.Symbols = append(f.Symbols, f.Symbols[1])
	}
	p := many(f, 200_000)
	// The table is last in the file, behind the section headers.
	header := p[len(p)-64:]
	binary.LittleEndian.PutUint32(header[4:], uint32(elf.SHT_SYMTAB_SHNDX))
	binary.LittleEndian.PutUint64(header[24:], uint64(len(p)))
	binary.LittleEndian.PutUint64(header[32:], 4*(symbols+1))
	const rodata, symtab = 2, 5
	binary.LittleEndian.PutUint32(header[40:], symtab)
	p = append(p, bytes.Repeat([]byte{rodata, 0, 0, 0}, symbols+1)...)
	if got, err := locate(p, Options{}); err != nil || got.Release != carriertest.Release {
		t.Errorf("Locate = %+v, %v; want release %s", got, err, carriertest.Release)
	}
}

// A reservation may end where the addresses do.
func TestLocateRelocationAtTheEnd(t *testing.T) {
	f := carriertest.ELF{Is64: true, Type: elf.ET_DYN, Machine: elf.EM_X86_64}
	const addr = 1<<64 - capacity
	for name, table := range map[string]carriertest.Section{
		"rela": {Name: ".rela.dyn", Type: elf.SHT_RELA, Flags: elf.SHF_ALLOC, Data: f.Rela(addr + 8)},
		"relr": {Name: ".relr.dyn", Type: shtRELR, Flags: elf.SHF_ALLOC, Data: f.Words(addr + 8)},
	} {
		f.Sections = []carriertest.Section{{Name: ".rodata1", Flags: elf.SHF_ALLOC, Addr: addr, Data: carriertest.Placeholder(t, capacity)}, table}
		if _, err := locate(f.Bytes(), Options{}); err == nil || !strings.Contains(err.Error(), "inside the reservation") {
			t.Errorf("%s: error %v, want that it is inside the reservation", name, err)
		}
	}
}

// A word of a packed table may begin before the reservation too.
func TestLocatePackedBefore(t *testing.T) {
	reserved := carriertest.Placeholder(t, capacity)
	for _, is64 := range []bool{false, true} {
		e := carriertest.ELF{Is64: is64, Type: elf.ET_DYN, Machine: elf.EM_AARCH64}
		word := uint64(4)
		if is64 {
			word = 8
		}
		kernel := e.SectionKernel(".rodata1", reserved)
		start := e.Base() + 0x20_0000
		for _, tt := range []struct {
			words []uint64
			hit   bool
		}{
			{[]uint64{start - word}, false},
			{[]uint64{start - word + 2}, true},
			{[]uint64{start - 2*word, 0b11}, false},
			{[]uint64{start - 2*word + 2, 0b11}, true},
			{[]uint64{start + capacity - 2}, true},
			{[]uint64{start + capacity}, false},
		} {
			f := kernel
			f.Sections = append(f.Sections[:len(f.Sections):len(f.Sections)],
				carriertest.Section{Name: ".relr.dyn", Type: shtRELR, Flags: elf.SHF_ALLOC, Data: e.Words(tt.words...)})
			_, err := locate(f.Bytes(), Options{})
			if at := "section .relr.dyn has a relocation at "; tt.hit && (err == nil || !strings.Contains(err.Error(), at)) || !tt.hit && err != nil {
				t.Errorf("words of %d bytes, %#x: error %v; want one: %v", word, tt.words, err, tt.hit)
			}
		}
	}
}

func TestLocateSigned(t *testing.T) {
	reserved := carriertest.Placeholder(t, capacity)
	module := carriertest.ELF{Is64: true, Type: elf.ET_REL, Machine: elf.EM_X86_64}.Kernel(reserved).Bytes()
	pe := func(size byte) []byte {
		p := carriertest.Image(reserved)
		copy(p, "MZ")
		const at = 64
		p[0x3c] = at
		header := make([]byte, 24+112+40)
		copy(header, "PE\x00\x00")
		header[24], header[25] = 0x0b, 0x02
		header[24+108] = 6
		header[24+112+4*8+4] = size
		return append(p[:at:at], append(header, p[at:]...)...)
	}
	for _, tt := range []struct {
		name string
		file []byte
		want Signature
	}{
		{"module", module, Unsigned},
		{"signed module", append(module[:len(module):len(module)], "signature~Module signature appended~\n"...), ModuleSignature},
		{"EFI image", pe(0), Unsigned},
		{"signed EFI image", pe(8), EFISignature},
	} {
		got, err := locate(tt.file, Options{})
		if err != nil || got.Signed != tt.want {
			t.Errorf("%s: Signed = %q, %v; want %q", tt.name, got.Signed, err, tt.want)
		}
	}
}

// Every prefix of a file is an error, and never a region.
func TestLocateTruncated(t *testing.T) {
	reserved := carriertest.Placeholder(t, capacity)
	for name, f := range carriertest.All() {
		p := f.SectionKernel(".rodata1", reserved).Bytes()
		for n := 0; n < len(p); n += max(1, n/40) {
			if got, err := locate(p[:n], Options{}); err == nil {
				t.Errorf("%s: %d of %d bytes: Locate = %+v, want an error", name, n, len(p), got)
			}
		}
	}
}

func TestLocateHeaderErrors(t *testing.T) {
	good := carriertest.ELF{Is64: true, Type: elf.ET_EXEC, Machine: elf.EM_X86_64}.Kernel(carriertest.Placeholder(t, capacity)).Bytes()
	for _, tt := range []struct {
		name  string
		at    int
		value byte
		want  string
	}{
		{"class", 4, 3, "class is 3"},
		{"data", 5, 0, "data encoding is 0"},
		{"version", 6, 2, "version is 2"},
		{"type", 16, 4, "type is ET_CORE, expected ET_EXEC, ET_DYN (vmlinux) or ET_REL (.ko)"},
		{"shoff", 47, 1, "end outside the file"},
		{"phoff", 39, 1, "read program headers:"},
		{"phentsize", 54, 1, "program headers have 1 bytes, expected 56"},
		{"shentsize", 58, 1, "section headers have 1 bytes, expected 64"},
		{"shnum", 61, 255, "end outside the file"},
		{"shstrndx", 62, 99, "section name table is section 99 of 8"},
	} {
		p := append([]byte(nil), good...)
		p[tt.at] = tt.value
		if _, err := locate(p, Options{}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q in it", tt.name, err, tt.want)
		}
	}
}

func TestLocateWrapped(t *testing.T) {
	at := func(off int, magic string) []byte {
		p := make([]byte, 2048)
		copy(p, "MZ")
		copy(p[off:], magic)
		return p
	}
	for _, tt := range []struct {
		file []byte
		want string
	}{
		{at(0x202, "HdrS"), "an x86 bzImage: expected an uncompressed carrier (vmlinux, kheaders.ko, raw Image); stamp vmlinux, then make the image from it"},
		{at(4, "zimg"), "an EFI zboot image"},
		{at(0, "ANDROID!"), "an Android boot image"},
		{at(0, "VNDRBOOT"), "an Android vendor_boot image"},
		{at(0x24, "\x18\x28\x6f\x01"), "an arm zImage"},
		{at(0, "\x27\x05\x19\x56"), "a U-Boot uImage"},
		{at(0, "\xd0\x0d\xfe\xed"), "a U-Boot FIT image"},
		{at(0, "\x1f\x8b"), "gzip-compressed: expected an uncompressed carrier (vmlinux, kheaders.ko, raw Image); stamp vmlinux or the raw Image, then compress it"},
		{at(0, "\xfd7zXZ\x00"), "xz-compressed"},
		{at(0, "\x28\xb5\x2f\xfd"), "zstd-compressed"},
		{at(0, "\x02\x21\x4c\x18"), "lz4-compressed"},
		{at(0, "\x04\x22\x4d\x18"), "lz4-compressed"},
		{at(0, "\x50\x2a\x4d\x18"), "zstd- or lz4-compressed"},
		{at(0, "\x5f\x2a\x4d\x18"), "zstd- or lz4-compressed"},
		{at(0, "BZh9"), "bzip2-compressed"},
		{at(0, "\x5d\x00\x00\x00\x04"), "lzma-compressed"},
		{at(0, "\x89LZO\x00\r\n\x1a\n"), "lzop-compressed"},
	} {
		_, err := locate(tt.file, Options{})
		var wrapped *WrappedError
		if !errors.As(err, &wrapped) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("error %v, want a *WrappedError with %q", err, tt.want)
		}
	}
	for _, tt := range []struct {
		name string
		file []byte
		o    Options
		want string
	}{
		{"empty", nil, Options{}, "file is empty"},
		{"text", []byte("hello"), Options{}, "no reservation found"},
		{"no skippable frame", at(0, "\x60\x2a\x4d\x18"), Options{}, "no reservation found"},
		{"section of a raw Image", carriertest.Image(carriertest.Placeholder(t, capacity)), Options{Section: ".rodata1"}, "file is not ELF and has no sections or symbols: expected no section .rodata1"},
	} {
		if _, err := locate(tt.file, tt.o); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q in it", tt.name, err, tt.want)
		}
	}
}

// What nothing loads is no reservation, whatever leads to it, in every kind of file.
func TestLocateNotLoaded(t *testing.T) {
	reserved := carriertest.Placeholder(t, capacity)
	for name, f := range carriertest.All() {
		// The same kernel, with its reservation in a section without SHF_ALLOC.
		unloaded := func(f carriertest.ELF, in string) carriertest.ELF {
			f.Sections = append([]carriertest.Section(nil), f.Sections...)
			for i := range f.Sections {
				if f.Sections[i].Name == in {
					f.Sections[i].Flags = 0
				}
			}
			return f
		}
		debug := f.Kernel(nil).Stripped()
		debug.Sections = append(debug.Sections, carriertest.Section{Name: ".debug_info", Data: reserved})
		for _, tt := range []struct {
			name string
			file carriertest.ELF
			o    Options
		}{
			{"section", unloaded(f.SectionKernel(DefaultSection, reserved), DefaultSection), Options{}},
			{"section alone", unloaded(f.SectionKernel(DefaultSection, reserved).Stripped(), DefaultSection), Options{}},
			{"symbols", unloaded(f.Kernel(reserved), ".rodata"), Options{}},
			{"marker", unloaded(f.Kernel(reserved).Stripped(), ".rodata"), Options{}},
			{"marker in debug information", debug, Options{}},
			{"named section", unloaded(f.SectionKernel(".k", reserved), ".k"), Options{Section: ".k"}},
			{"named section of debug information", debug, Options{Section: ".debug_info"}},
			{"named symbols", unloaded(f.Kernel(reserved), ".rodata"), Options{Start: DefaultStart, End: DefaultEnd}},
		} {
			if _, err := locate(tt.file.Bytes(), tt.o); err == nil || !strings.Contains(err.Error(), "no kernel would show what it holds") {
				t.Errorf("%s, %s: error %v, want that it is not loaded", name, tt.name, err)
			}
		}
		if f.Type == elf.ET_REL {
			continue
		}
		// A section with SHF_ALLOC that the program headers leave out, and one that they
		// load only in part.
		for _, size := range []uint64{0, capacity - 1} {
			p := f.SectionKernel(DefaultSection, reserved).Stripped().Bytes()
			order, entry, filesz, word := binary.ByteOrder(binary.LittleEndian), 32, 16, 4
			if f.BigEndian {
				order = binary.BigEndian
			}
			head := 52
			if f.Is64 {
				head, entry, filesz, word = 64, 56, 32, 8
			}
			// Of three segments (.text, .rodata, .bss) and the section's, the last.
			at := head + 3*entry + filesz
			if word == 8 {
				order.PutUint64(p[at:], size)
			} else {
				order.PutUint32(p[at:], uint32(size))
			}
			if _, err := locate(p, Options{}); err == nil || !strings.Contains(err.Error(), "is in no segment that is loaded") {
				t.Errorf("%s, %d bytes loaded: error %v", name, size, err)
			}
		}
	}
}
