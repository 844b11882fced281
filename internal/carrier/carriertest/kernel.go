// SPDX-License-Identifier: Apache-2.0

package carriertest

import "debug/elf"

// Before is what is before the reservation in the section .rodata of
// Kernel, odd so that nothing is aligned by luck: in a kheaders.ko nothing is.
const Before = "Linux version " + Release + " (user@host) #1\x00\x00odd"

// Base returns the address at which f's kernel is linked, as on x86 and arm64,
// or 0 in a relocatable file.
func (f ELF) Base() uint64 {
	switch {
	case f.Type == elf.ET_REL:
		return 0
	case f.Is64:
		return 0xffff_ffff_8100_0000
	}
	return 0xc010_0000
}

// Kernel fills f in like a kernel with upstream's kheaders.c: code, .rodata
// with the banner and then reserved between the two symbols, .bss.
func (f ELF) Kernel(reserved []byte) ELF {
	base, rodata := f.Base(), f.Base()
	if f.Type != elf.ET_REL {
		rodata += 0x10_0000
	}
	at := rodata + uint64(len(Before))
	data := append(append([]byte(Before), reserved...), "after"...)
	f.Sections = []Section{
		{Name: ".text", Flags: elf.SHF_ALLOC | elf.SHF_EXECINSTR, Addr: base, Data: []byte("code code code")},
		{Name: ".rodata", Flags: elf.SHF_ALLOC, Addr: rodata, Data: data, Pad: 3},
		{Name: ".bss", Type: elf.SHT_NOBITS, Flags: elf.SHF_ALLOC | elf.SHF_WRITE, Addr: base + 0x4000_0000},
		{Name: ".modinfo", Data: []byte("license=GPL\x00vermagic=" + Release + " SMP mod_unload \x00")},
	}
	f.Symbols = []Symbol{
		{Name: "my_kernel_headers_data", Section: ".text", Value: base},
		{Name: "linux_banner", Section: ".rodata", Value: rodata},
		{Name: "kernel_headers_data", Section: ".rodata", Value: at},
		{Name: "kernel_headers_data_end", Section: ".rodata", Value: at + uint64(len(reserved))},
		{Name: "printk"},
	}
	return f
}

// SectionKernel fills f in like a kernel whose reservation is the section of
// that name; upstream's symbols are at its ends.
func (f ELF) SectionKernel(name string, reserved []byte) ELF {
	f = f.Kernel(nil)
	addr := uint64(0)
	if f.Type != elf.ET_REL {
		addr = f.Base() + 0x20_0000
	}
	f.Sections = append(f.Sections, Section{Name: name, Flags: elf.SHF_ALLOC, Addr: addr, Data: reserved, Pad: 1})
	for i := range f.Symbols {
		s := &f.Symbols[i]
		switch s.Name {
		case "kernel_headers_data":
			s.Section, s.Value = name, addr
		case "kernel_headers_data_end":
			s.Section, s.Value = name, addr+uint64(len(reserved))
		}
	}
	return f
}

// Without returns f without the symbols of these names.
func (f ELF) Without(names ...string) ELF {
	var kept []Symbol
	for _, s := range f.Symbols {
		drop := false
		for _, n := range names {
			drop = drop || s.Name == n
		}
		if !drop {
			kept = append(kept, s)
		}
	}
	f.Symbols = kept
	return f
}

// Stripped returns f without symbols.
func (f ELF) Stripped() ELF {
	f.Symbols = nil
	return f
}

// Image returns a raw arm64 Image: a header (linux/Documentation/arch/arm64/
// booting.rst), the banner, and reserved at an odd offset.
func Image(reserved []byte) []byte {
	p := make([]byte, 64)
	copy(p[0x38:], "ARM\x64")
	p = append(p, "Linux version %s (\x00"+Before...)
	p = append(p, reserved...)
	return append(p, "after"...)
}
