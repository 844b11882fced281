// SPDX-License-Identifier: Apache-2.0

package format

import (
	"testing"
)

// samples has, for each format, the bytes that the first ones of a file of it have in
// common, by their offsets.
var samples = map[Format]map[int]string{
	ELF:            {0: "\x7fELF"},
	AndroidBoot:    {0: "ANDROID!"},
	VendorBoot:     {0: "VNDRBOOT"},
	UImage:         {0: "\x27\x05\x19\x56"},
	FIT:            {0: "\xd0\x0d\xfe\xed"},
	Xz:             {0: "\xfd7zXZ\x00"},
	Zstd:           {0: "\x28\xb5\x2f\xfd"},
	LZ4Legacy:      {0: "\x02\x21\x4c\x18"},
	LZ4:            {0: "\x04\x22\x4d\x18"},
	Lzop:           {0: "\x89LZO\x00\r\n\x1a\n"},
	Bzip2:          {0: "BZh9"},
	Gzip:           {0: "\x1f\x8b\x08"},
	LZMA:           {0: "\x5d\x00\x00\x00\x04\xff\xff\xff\xff\xff\xff\xff\xff"},
	Skippable:      {0: "\x5f\x2a\x4d\x18"},
	Zboot:          {0: "MZ", 4: "zimg"},
	ZImageARM:      {0x24: "\x18\x28\x6f\x01"},
	ImageARM64:     {0: "MZ", 0x38: "ARM\x64"},
	ImageRISCV:     {0: "MZ", 0x30: "RISCV\x00\x00\x00RSC\x05"},
	BzImage:        {0: "MZ", 0x1fe: "\x55\xaa", 0x202: "HdrS"},
	ImageLoongArch: {0: "MZ", 0x38: "\xcd\x23\x82\x81"},
}

// at returns a file of the samples' bytes, of which those before win; ok says
// whether each of the formats has its magic in it.
func at(fill byte, samples ...map[int]string) (p []byte, ok bool) {
	p = make([]byte, Probe)
	for i := range p {
		p[i] = fill
	}
	for i := len(samples) - 1; i >= 0; i-- {
		for off, s := range samples[i] {
			copy(p[off:], s)
		}
	}
	for _, s := range samples {
		for off, bytes := range s {
			if bytes != "MZ" && string(p[off:off+len(bytes)]) != bytes {
				return p, false
			}
		}
	}
	return p, true
}

func TestOf(t *testing.T) {
	for want, sample := range samples {
		for _, fill := range []byte{0, 0xa5} {
			p, _ := at(fill, sample)
			if got := Of(p); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
	}
	for _, p := range []string{"", "M", "MZ", "hello", "\x5f", "\x5f\x2a", "\x6f\x2a\x4d\x18", "BZh0", "BZhx", "\x5d\x00\x00\x12\x34\x00\x00\x00\x00\x00\x00\x00\x00"} {
		if got := Of([]byte(p)); got != Unknown {
			t.Errorf("%q: got %q, want none", p, got)
		}
	}
}

// first is where the first byte of a format's magic is; that of the one magic that others
// share is behind all.
func first(f Format) int {
	switch f {
	case Zboot:
		return 4
	case ImageARM64, ImageRISCV:
		return 0x38
	case ZImageARM:
		return 0x24
	case BzImage:
		return 0x202
	case ImageLoongArch:
		return Probe
	}
	return 0
}

// A file that has the magics of two formats is of that which comes first in it.
func TestPairs(t *testing.T) {
	pairs := 0
	for a, sampleA := range samples {
		for b, sampleB := range samples {
			if first(a) >= first(b) {
				continue
			}
			p, ok := at(0xa5, sampleA, sampleB)
			if !ok {
				continue // they have the same place
			}
			pairs++
			if got := Of(p); got != a {
				t.Errorf("%q and %q: got %q, want the first", a, b, got)
			}
		}
	}
	if pairs != 91 {
		t.Errorf("tried %d pairs", pairs)
	}
}

// An arm64 Image that begins with a branch may look compressed for two or three bytes;
// what is zero in its header tells.
func TestBranches(t *testing.T) {
	for _, branch := range []string{"\x1f\x8b\x08\x14", "\x1f\x8b\x00\x14", "\x5d\x00\x00\x14", "\x5d\x00\x00\x00"} {
		p, _ := at(0, map[int]string{0: branch, 0x38: "ARM\x64"})
		if got := Of(p); got != ImageARM64 {
			t.Errorf("%q: got %q, want %q", branch, got, ImageARM64)
		}
	}
}

// An EFI program of another machine is no LoongArch Image for its LINUX_PE_MAGIC.
func TestMachine(t *testing.T) {
	for machine, number := range map[string]string{
		"x86": "\x4c\x01", "x86_64": "\x64\x86", "arm": "\xc0\x01", "arm64": "\x64\xaa", "riscv": "\x64\x50", "loongarch": "\x64\x62",
	} {
		p, _ := at(0, samples[ImageLoongArch], map[int]string{0x3c: "\x40\x00\x00\x00PE\x00\x00" + number})
		if got, ok := Machine(p); got != machine || !ok {
			t.Errorf("got %q, %v, want %q", got, ok, machine)
		}
		want := Unknown
		if machine == "loongarch" {
			want = ImageLoongArch
		}
		if got := Of(p); got != want {
			t.Errorf("%s: got %q, want %q", machine, got, want)
		}
	}
	for _, p := range []string{"", "MZ", string(make([]byte, 0x40)), string(make([]byte, 0x3c)) + "\xff\xff\xff\xff"} {
		if got, ok := Machine([]byte(p)); ok {
			t.Errorf("%q: got %q, want none", p, got)
		}
	}
}

func FuzzOf(f *testing.F) {
	for _, s := range samples {
		p, _ := at(0, s)
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, p []byte) {
		f := Of(p)
		if machine, ok := Machine(p); f == ImageLoongArch && ok && machine != "loongarch" {
			t.Errorf("got %q of a machine %q", f, machine)
		}
	})
}
