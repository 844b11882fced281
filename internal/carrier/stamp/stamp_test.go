// SPDX-License-Identifier: Apache-2.0

package stamp

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"debug/elf"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/rules-kheaders/rules_kheaders/internal/carrier"
	"github.com/rules-kheaders/rules_kheaders/internal/carrier/carriertest"
)

// In every carrier, only the region differs, and it is the archive in exactly
// the capacity; stamping again gives the same bytes.
func TestStamp(t *testing.T) {
	carriers := map[string][]byte{
		"Image":   carriertest.Image(placeholder(t)),
		"archive": placeholder(t),
	}
	for name, f := range carriertest.All() {
		carriers[name+" symbols"] = f.Kernel(placeholder(t)).Bytes()
		carriers[name+" section"] = f.SectionKernel(".rodata1", placeholder(t)).Bytes()
		carriers[name+" marker"] = f.Kernel(placeholder(t)).Stripped().Bytes()
	}
	region := carriertest.Bytes(t, carriertest.Archive(t, carriertest.Release, members...), capacity)
	for name, before := range carriers {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t, before)
			p.stamp("carrier", "out")
			at := bytes.Index(before, placeholder(t))
			if want := splice(before, at, region); !bytes.Equal(p.read("out"), want) {
				t.Error("output is not the carrier with the archive at its place")
			}
			err := Stamp(Request{Carrier: p.name("out"), Archive: p.name("archive"), Out: p.name("again")})
			wantError(t, err, "is stamped already, for release 6.1.0-test: expected a placeholder; give --restamp")
			if err := Stamp(Request{Carrier: p.name("out"), Archive: p.name("archive"), Out: p.name("again"), Restamp: true}); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(p.read("again"), p.read("out")) {
				t.Error("stamped again, the bytes differ")
			}
		})
	}
}

func TestStampReport(t *testing.T) {
	before := x86.SectionKernel(".rodata1", placeholder(t)).Bytes()
	p := newPlace(t, before)
	if err := Stamp(Request{Carrier: p.name("carrier"), Archive: p.name("archive"), Out: p.name("out"), Report: p.name("report")}); err != nil {
		t.Fatal(err)
	}
	a := carriertest.Archive(t, carriertest.Release, members...)
	want := Report{
		Carrier:       p.name("carrier"),
		Kind:          "ELF64 LE ET_EXEC x86-64",
		LocatedBy:     carrier.BySection,
		LocatedName:   ".rodata1",
		Offset:        int64(bytes.Index(before, placeholder(t))),
		Capacity:      capacity,
		Used:          a.MinSize(),
		Free:          capacity - a.MinSize(),
		Release:       carriertest.Release,
		Members:       len(members),
		SHA256:        fmt.Sprintf("%x", sha256.Sum256(carriertest.Bytes(t, a, capacity))),
		ContentSHA256: fmt.Sprintf("%x", a.Marker.Content),
	}
	var written Report
	if err := json.Unmarshal(p.read("report"), &written); err != nil || written != want {
		t.Errorf("report = %+v, %v; want %+v", written, err, want)
	}
}

// The mode is kept, whatever the umask; the mtime is not: make goes by it.
func TestStampModeAndTime(t *testing.T) {
	p := newPlace(t, carriertest.Image(placeholder(t)))
	old := time.Now().Add(-time.Hour)
	for _, mode := range []os.FileMode{0o444, 0o555, 0o644, 0o755, 0o666} {
		if err := os.Chmod(p.name("carrier"), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(p.name("carrier"), old, old); err != nil {
			t.Fatal(err)
		}
		p.stamp("carrier", "out")
		info, err := os.Stat(p.name("out"))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != mode {
			t.Errorf("mode = %v, want %v", info.Mode(), mode)
		}
		if time.Since(info.ModTime()) > time.Minute {
			t.Errorf("mtime = %v, want now", info.ModTime())
		}
	}
}

// The output may take the carrier's own name, as a kernel build wants it.
func TestStampInPlace(t *testing.T) {
	p := newPlace(t, carriertest.Image(placeholder(t)))
	p.stamp("carrier", "out")
	p.stamp("carrier", "carrier")
	if !bytes.Equal(p.read("carrier"), p.read("out")) {
		t.Error("stamped in place, the bytes differ")
	}
}

// Nothing is written if anything is wrong.
func TestStampErrors(t *testing.T) {
	good := x86.SectionKernel(".rodata1", placeholder(t)).Bytes()
	a := carriertest.Archive(t, carriertest.Release, members...)
	exact := a.MinSize()
	archive := carriertest.Bytes(t, a, exact)
	other := carriertest.Bytes(t, carriertest.Archive(t, "6.1.0-other", members...), 12<<10)
	edited := func(edit func(h *carriertest.Header)) []byte {
		f := x86.SectionKernel(".rodata1", placeholder(t)).Stripped()
		f.Edit = func(headers []carriertest.Header) {
			for i := range headers {
				if headers[i].Name == ".rodata1" {
					edit(&headers[i])
				}
			}
		}
		return f.Bytes()
	}
	moved := x86.SectionKernel(".rodata1", placeholder(t))
	for i := range moved.Symbols {
		if s := &moved.Symbols[i]; s.Section == ".rodata1" {
			s.Section, s.Value = ".text", moved.Base()
		}
	}
	module := carriertest.ELF{Is64: true, Type: elf.ET_REL, Machine: elf.EM_X86_64}.Kernel(placeholder(t)).Bytes()

	for _, tt := range []struct {
		name    string
		carrier []byte
		archive []byte
		req     Request
		want    string
	}{
		{name: "one byte too large", carrier: x86.SectionKernel(".rodata1", carriertest.Placeholder(t, exact-4)).Bytes(),
			want: fmt.Sprintf("needs %d bytes, section .rodata1 has a capacity of %d: set capacity = %d on kheaders_placeholder / linux_kernel", exact, exact-4, exact)},
		{name: "no placeholder", carrier: x86.Kernel([]byte("text")).Stripped().Bytes(), want: "no reservation found: expected section .rodata1"},
		{name: "zeros", carrier: x86.Kernel(make([]byte, capacity)).Bytes(), want: "symbols kernel_headers_data,kernel_headers_data_end holds zeros: expected a placeholder made by 'packer placeholder'"},
		{name: "upstream's archive", carrier: x86.Kernel([]byte("\xfd7zXZ\x00...............")[:20]).Bytes(), want: "holds an .xz file that packer did not make: expected a placeholder"},
		{name: "other data", carrier: x86.Kernel([]byte("12345678")).Bytes(), want: "holds other data: expected a placeholder"},
		{name: "damaged placeholder", carrier: x86.Kernel(splice(placeholder(t), capacity-4, []byte("XXXX"))).Bytes(), want: "holds a damaged archive: "},
		{name: "other release", carrier: good, archive: other, want: "kernel is release 6.1.0-test, archive"},
		{name: "other release, raw Image", carrier: carriertest.Image(placeholder(t)), archive: other, want: "kernel is release 6.1.0-test, archive"},
		{name: "other release, no symbols", carrier: x86.SectionKernel(".rodata1", placeholder(t)).Stripped().Bytes(), archive: other, want: "kernel is release 6.1.0-test, archive"},
		{name: "signed", carrier: append(module, "~Module signature appended~\n"...), want: "the file is signed, and a change would break the signature: stamp it before signing"},
		{name: "capacity", carrier: x86.SectionKernel(".rodata1", placeholder(t)[:capacity-2]).Without("kernel_headers_data", "kernel_headers_data_end").Bytes(), want: "has a capacity of 16382 bytes: expected a multiple of 4"},
		{name: "section and symbols", carrier: moved.Bytes(), want: "disagree: expected the same bytes"},
		{name: "two markers", carrier: x86.Kernel(append(placeholder(t), placeholder(t)...)).Stripped().Bytes(), want: "2 reservations found, at offsets"},
		{name: "NOBITS", carrier: edited(func(h *carriertest.Header) { h.Type = elf.SHT_NOBITS }), want: "section .rodata1 has no bytes in the file (SHT_NOBITS)"},
		{name: "outside the file", carrier: edited(func(h *carriertest.Header) { h.Offset += 1 << 20 }), want: "which end outside the file of"},
		{name: "overlap", carrier: edited(func(h *carriertest.Header) { h.Offset -= 8 }), want: "overlaps section"},
		{name: "truncated carrier", carrier: good[:len(good)-1], want: "truncated file"},
		{name: "empty carrier", carrier: []byte{}, want: "it is empty: expected a vmlinux, kheaders.ko or raw Image with a reservation"},
		{name: "compressed carrier", carrier: []byte("\x1f\x8b\x08 and so on"), want: "file is gzip-compressed: expected an uncompressed carrier (vmlinux, kheaders.ko, raw Image); stamp vmlinux or the raw Image, then compress it"},
		{name: "directory", carrier: good, req: Request{Carrier: "."}, want: "it is a directory: expected a vmlinux"},
		{name: "missing carrier", carrier: good, req: Request{Carrier: "none"}, want: "no such file or directory"},

		{name: "archive is not xz", carrier: good, archive: []byte("plain text"), want: "expected the file that 'packer pack' wrote"},
		{name: "archive is empty", carrier: good, archive: []byte{}, want: "it is empty: expected the file that 'packer pack' wrote"},
		{name: "archive is a placeholder", carrier: good, archive: placeholder(t), want: "it is a placeholder: expected the file that 'packer pack' wrote"},
		{name: "archive is truncated", carrier: good, archive: archive[:len(archive)-4], want: "read archive"},
		{name: "archive is a carrier", carrier: good, archive: good, want: "expected the file that 'packer pack' wrote"},
		{name: "missing archive", carrier: good, req: Request{Archive: "none"}, want: "no such file or directory"},

		{name: "output is the archive", carrier: good, req: Request{Out: "archive"}, want: "it is also the archive: expected another name"},
		{name: "report is the output", carrier: good, req: Request{Report: "out"}, want: "it is also the output"},
		{name: "report is the carrier", carrier: good, req: Request{Report: "carrier"}, want: "it is also the carrier"},
		{name: "output is a directory", carrier: good, req: Request{Out: "."}, want: "it is a directory"},
		{name: "no directory", carrier: good, req: Request{Out: "none/out"}, want: "no such file or directory"},
		{name: "report has no directory", carrier: good, req: Request{Report: "none/report"}, want: "no such file or directory"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newPlace(t, tt.carrier)
			if tt.archive != nil {
				p.write("archive", tt.archive)
			} else {
				p.write("archive", archive)
			}
			req := Request{Carrier: p.name("carrier"), Archive: p.name("archive"), Out: p.name("out"), Report: p.name("report")}
			for _, x := range []struct{ to, from *string }{{&req.Carrier, &tt.req.Carrier}, {&req.Archive, &tt.req.Archive}, {&req.Out, &tt.req.Out}, {&req.Report, &tt.req.Report}} {
				if *x.from != "" {
					*x.to = p.name(*x.from)
				}
			}
			err := Stamp(req)
			wantError(t, err, tt.want)
			if got, want := p.files(), "archive carrier"; got != want {
				t.Errorf("files = %q, want %q", got, want)
			}
			if !bytes.Equal(p.read("carrier"), tt.carrier) {
				t.Error("the carrier was changed")
			}
		})
	}
}

// One file by two names is found out, whether it exists or not.
func TestStampSameFile(t *testing.T) {
	p := newPlace(t, x86.SectionKernel(".rodata1", placeholder(t)).Bytes())
	elsewhere := t.TempDir() + "/here"
	if err := errors.Join(
		os.Symlink(p.dir, elsewhere),
		os.Symlink("archive", p.name("symlink")),
		os.Link(p.name("archive"), p.name("link"))); err != nil {
		t.Fatal(err)
	}
	before := p.files()
	for _, tt := range []struct{ out, report, want string }{
		{p.name("symlink"), "", "it is also the archive"},
		{p.name("link"), "", "it is also the archive"},
		{elsewhere + "/archive", "", "it is also the archive"},
		{p.name("out"), p.name("link"), "it is also the archive"},
		{p.name("out"), p.dir + "/./out", "it is also the output"},
		{p.name("out"), elsewhere + "/out", "it is also the output"},
		{p.name("out"), elsewhere + "/carrier", "it is also the carrier"},
	} {
		err := Stamp(Request{Carrier: p.name("carrier"), Archive: p.name("archive"), Out: tt.out, Report: tt.report})
		wantError(t, err, tt.want)
		if got := p.files(); got != before {
			t.Errorf("out %s, report %s: files = %q, want %q", tt.out, tt.report, got, before)
		}
	}
	if err := Stamp(Request{Carrier: p.name("carrier"), Archive: p.name("archive"), Out: p.name("out"), Report: t.TempDir() + "/out"}); err != nil {
		t.Errorf("files of one name in two directories: %v", err)
	}
}

// Damage to what the archive holds passes Stamp, which decodes nothing, and not
// Verify.
func TestStampDamagedContent(t *testing.T) {
	p := newPlace(t, carriertest.Image(placeholder(t)))
	a := p.read("archive")
	at := bytes.Index(a, []byte("include/linux/types.hinclude"))
	p.write("archive", splice(a, at, []byte{a[at] ^ 1}))
	p.stamp("carrier", "out")
	_, err := Verify(p.name("out"), p.name("carrier"), carrier.Options{})
	wantError(t, err, "CRC32")
}

// Upstream's archive is not replaced, with Restamp or without: it is not known
// to be one.
func TestRestampForeign(t *testing.T) {
	upstream, err := os.ReadFile("testdata/upstream.tar.xz")
	if err != nil {
		t.Fatal(err)
	}
	p := newPlace(t, x86.Kernel(upstream).Bytes())
	for _, restamp := range []bool{false, true} {
		err := Stamp(Request{Carrier: p.name("carrier"), Archive: p.name("archive"), Out: p.name("out"), Restamp: restamp})
		wantError(t, err, "holds an .xz file that packer did not make: expected a placeholder made by 'packer placeholder'")
		if got := p.files(); got != "archive carrier" {
			t.Errorf("files = %q, want %q", got, "archive carrier")
		}
	}
}

// A failed run leaves the output and the report of a run before.
func TestStampKeepsOldOutput(t *testing.T) {
	p := newPlace(t, x86.Kernel([]byte("text")).Stripped().Bytes())
	p.write("out", []byte("old"))
	p.write("report", []byte("old"))
	err := Stamp(Request{Carrier: p.name("carrier"), Archive: p.name("archive"), Out: p.name("out"), Report: p.name("report")})
	wantError(t, err, "no reservation found")
	if got := string(p.read("out")) + string(p.read("report")); got != "oldold" {
		t.Errorf("output and report = %q, want them unchanged", got)
	}
}

// Neither the archive nor the region is ever in memory.
func TestStampMemory(t *testing.T) {
	const large = 16 << 20
	p := newPlace(t, carriertest.Image(carriertest.Placeholder(t, large+4<<20)))
	content := carriertest.Archive(t, carriertest.Release, tar.Header{Name: "large", Size: large})
	p.write("archive", carriertest.Bytes(t, content, content.MinSize()))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err := Stamp(Request{Carrier: p.name("carrier"), Archive: p.name("archive"), Out: p.name("out"), Report: p.name("report")})
	runtime.ReadMemStats(&after)
	if err != nil {
		t.Fatal(err)
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
		t.Errorf("allocated %d bytes in all, want at most 1 MiB", n)
	}
	if _, err := Verify(p.name("out"), p.name("carrier"), carrier.Options{}); err != nil {
		t.Error(err)
	}
}
