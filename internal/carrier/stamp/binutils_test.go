// SPDX-License-Identifier: Apache-2.0

package stamp

import (
	"bytes"
	"crypto/sha256"
	"debug/elf"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/internal/carrier"
	"github.com/rules-kheaders/rules_kheaders/internal/carrier/carriertest"
)

// tool runs a program of gcc or binutils in the place and returns its output.
func (p place) tool(name string, args ...string) string {
	p.Helper()
	if _, err := exec.LookPath(name); err != nil {
		p.Fatalf("%v: install it, on Debian by 'apt-get install gcc binutils'", err)
	}
	cmd := exec.Command(name, args...)
	cmd.Dir = p.dir
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	out, err := cmd.CombinedOutput()
	if err != nil {
		p.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// kheaders is upstream's kernel/kheaders.c as far as it matters here, after an
// odd byte and with data behind.
const kheaders = `
	.section .rodata, "a"
	.byte 1
	.section %s, "a"
	.globl kernel_headers_data, kernel_headers_data_end
kernel_headers_data:
	.incbin "placeholder"
kernel_headers_data_end:
	.section .rodata, "a"
	.asciz "behind"
	.bss
	.zero 4096
	.text
	.globl _start
_start:	.long 0
`

// section returns what readelf says of a section: address, offset and size.
func (p place) section(file, name string) (addr, off, size uint64) {
	p.Helper()
	for _, line := range strings.Split(p.tool("readelf", "-SW", file), "\n") {
		_, row, _ := strings.Cut(line, "] ")
		f := strings.Fields(row)
		if len(f) < 5 || f[0] != name {
			continue
		}
		for i, to := range []*uint64{&addr, &off, &size} {
			v, err := strconv.ParseUint(f[i+2], 16, 64)
			if err != nil {
				p.Fatalf("readelf: %q: %v", line, err)
			}
			*to = v
		}
		return addr, off, size
	}
	p.Fatalf("readelf: %s has no section %s", file, name)
	return
}

// symbol returns a symbol's value as nm says it.
func (p place) symbol(file, name string) uint64 {
	p.Helper()
	for _, line := range strings.Split(p.tool("nm", file), "\n") {
		if f := strings.Fields(line); len(f) == 3 && f[2] == name {
			v, err := strconv.ParseUint(f[0], 16, 64)
			if err != nil {
				p.Fatalf("nm: %q: %v", line, err)
			}
			return v
		}
	}
	p.Fatalf("nm: %s has no symbol %s", file, name)
	return 0
}

// Real files of the system's linker: what readelf and nm say of the place, and
// objcopy of the bytes there, is what patcher says and did.
func TestBinutils(t *testing.T) {
	base := newPlace(t, nil)
	compilers := [][]string{{"-c"}}
	if strings.HasPrefix(base.tool("gcc", "-dumpmachine"), "x86_64") {
		compilers = append(compilers, []string{"-c", "-m32"})
	}
	for _, compile := range compilers {
		var emulation []string
		if len(compile) > 1 {
			emulation = []string{"-m", "elf_i386"}
		}
		for _, link := range [][]string{nil, {"-e", "_start"}, {"-shared"}, {"-e", "_start", "--emit-relocs"}} {
			for _, section := range []string{".rodata", ".rodata1"} {
				t.Run(fmt.Sprint(compile, link, section), func(t *testing.T) {
					p := newPlace(t, nil)
					p.write("placeholder", placeholder(t))
					p.write("k.S", fmt.Appendf(nil, kheaders, section))
					p.tool("gcc", append(compile, "k.S", "-o", "carrier")...)
					if link != nil {
						p.tool("ld", append(append(link, emulation...), "carrier", "-o", "linked")...)
						if err := os.Rename(p.name("linked"), p.name("carrier")); err != nil {
							t.Fatal(err)
						}
					}
					p.compare(section, link == nil)
				})
			}
		}
	}
}

// sameSections fails unless two files have the same sections with the same
// bytes, and the same symbols that have names. objcopy may put them elsewhere in
// the file and in another order.
func (p place) sameSections(a, b string) {
	p.Helper()
	var sections [2]map[string]string
	for i, name := range []string{a, b} {
		f, err := elf.Open(p.name(name))
		if err != nil {
			p.Fatal(err)
		}
		defer f.Close()
		sections[i] = map[string]string{}
		for _, s := range f.Sections {
			var content []byte
			switch s.Type {
			case elf.SHT_NOBITS, elf.SHT_NULL, elf.SHT_SYMTAB, elf.SHT_STRTAB:
			default:
				if content, err = s.Data(); err != nil {
					p.Fatal(err)
				}
			}
			sections[i][s.Name] = fmt.Sprintf("%v %v %#x %x", s.Type, s.Flags, s.Addr, sha256.Sum256(content))
		}
		symbols, err := f.Symbols()
		if err != nil {
			p.Fatal(err)
		}
		for _, s := range symbols {
			if s.Name == "" {
				continue
			}
			sections[i]["symbol "+s.Name] = fmt.Sprintf("%v %#x %d", s.Section, s.Value, s.Info)
		}
	}
	for name, want := range sections[0] {
		if got := sections[1][name]; got != want {
			p.Errorf("%s: in %s %q, in %s %q", name, a, want, b, got)
		}
	}
	if len(sections[0]) != len(sections[1]) {
		p.Errorf("%s has %d sections and symbols, %s has %d", a, len(sections[0]), b, len(sections[1]))
	}
}

func (p place) compare(section string, relocatable bool) {
	p.Helper()
	addr, off, size := p.section("carrier", section)
	if relocatable {
		addr = 0
	}
	start := p.symbol("carrier", "kernel_headers_data")
	wantOffset := int64(off + start - addr)
	wantSize := int64(p.symbol("carrier", "kernel_headers_data_end") - start)

	for _, o := range []carrier.Options{{}, {Start: "kernel_headers_data", End: "kernel_headers_data_end"}} {
		info, err := Inspect(p.name("carrier"), o)
		if err != nil {
			p.Fatal(err)
		}
		if info.Offset != wantOffset || info.Capacity != wantSize {
			p.Errorf("Inspect: %d bytes at %d; readelf and nm: %d at %d", info.Capacity, info.Offset, wantSize, wantOffset)
		}
	}
	p.tool("strip", "-o", "stripped", "--strip-unneeded", "-N", "kernel_headers_data", "-N", "kernel_headers_data_end", "carrier")
	if info, err := Inspect(p.name("stripped"), carrier.Options{}); err != nil || info.Capacity != wantSize {
		p.Errorf("stripped: %+v, %v; want %d bytes", info, err, wantSize)
	}

	p.stamp("carrier", "stamped")
	if a, b := p.tool("readelf", "-aW", "carrier"), p.tool("readelf", "-aW", "stamped"); a != strings.ReplaceAll(b, "stamped", "carrier") {
		p.Errorf("readelf says of the carrier\n%s\nand of the stamped one\n%s", a, b)
	}
	region := carriertest.Bytes(p, carriertest.Archive(p, carriertest.Release, members...), capacity)
	p.tool("objcopy", "--dump-section", section+"=before", "carrier", os.DevNull)
	p.tool("objcopy", "--dump-section", section+"=after", "stamped", os.DevNull)
	if want := splice(p.read("before"), int(start-addr), region); !bytes.Equal(p.read("after"), want) || uint64(len(want)) != size {
		p.Error("objcopy --dump-section does not give the archive")
	}
	// The other way round: what objcopy puts into a section of equal size.
	p.tool("objcopy", "--update-section", section+"=after", "carrier", "updated")
	if _, err := Verify(p.name("updated"), "", carrier.Options{}); err != nil {
		p.Errorf("updated by objcopy: %v", err)
	}
	if section == carrier.DefaultSection {
		p.sameSections("stamped", "updated")
	}
	if err := ExtractArchive(p.name("updated"), p.name("extracted"), carrier.Options{}); err != nil || !bytes.Equal(p.read("extracted"), region) {
		p.Errorf("extracted after objcopy: %v, or other bytes", err)
	}
}
