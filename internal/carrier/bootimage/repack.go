// SPDX-License-Identifier: Apache-2.0

package bootimage

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/cli/atomicfile"
	"github.com/rules-kheaders/rules_kheaders/internal/cli/infile"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/kmake"
)

// Repack makes a boot image of another one with another kernel in it.
type Repack struct {
	Image     string // the boot image
	Kernel    string // the kernel to put in, compressed as the one that is there
	Unpack    string // AOSP's unpack_bootimg, a program
	Mkbootimg string // AOSP's mkbootimg
	Out       string

	Scratch string // a directory to work in, made and removed
	Log     io.Writer
}

// Run writes Out.
func (r Repack) Run() (err error) {
	if err := kmake.Absolute(&r.Image, &r.Kernel, &r.Unpack, &r.Mkbootimg, &r.Scratch); err != nil {
		return err
	}
	before, err := open(r.Image)
	if err != nil {
		return err
	}
	defer before.Close()
	kernel, err := infile.Open(r.Kernel)
	if err != nil {
		return err
	}
	defer kernel.Close()
	had, has := format(before.part("kernel")), format(kernel)
	if had != has {
		return fmt.Errorf("put %s into %s: it is %s, and the kernel there is %s; give one of that format (format of linux_image)", r.Kernel, r.Image, has, had)
	}
	if before.signature > 0 {
		fmt.Fprintf(r.Log, "kmodule: warning: the boot signature of %s is of the kernel that was in it, and is left out\n", r.Image)
	}
	remove, err := kmake.MakeScratch(r.Scratch)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	made, err := r.make()
	if err != nil {
		return err
	}
	if err := r.check(before, kernel, made); err != nil {
		return err
	}
	return copyTo(made, r.Out)
}

// make runs the two programs and returns the path of the new image.
func (r Repack) make() (string, error) {
	out, err := kmake.Run(r.Log, r.Scratch, r.Scratch, r.Unpack, "--boot_img", r.Image, "--out", filepath.Join(r.Scratch, "parts"), "--format", "mkbootimg", "--null")
	if err != nil {
		return "", err
	}
	args := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	at := slices.Index(args, "--kernel")
	if at < 0 || at+1 == len(args) {
		return "", fmt.Errorf("unpack %s: %s named no --kernel among %d words; expected the arguments of mkbootimg", r.Image, r.Unpack, len(args))
	}
	args[at+1] = r.Kernel
	made := filepath.Join(r.Scratch, "boot.img")
	_, err = kmake.Run(r.Log, r.Scratch, r.Scratch, r.Mkbootimg, append(args, "--output", made)...)
	return made, err
}

// check compares the new image with the one before: all but the kernel.
func (r Repack) check(before *image, kernel *os.File, made string) error {
	after, err := open(made)
	if err != nil {
		return fmt.Errorf("%w, from %s", err, r.Mkbootimg)
	}
	defer after.Close()
	for i, f := range before.fields {
		if i >= len(after.fields) || after.fields[i] != f {
			return fmt.Errorf("repack %s: %s changed the header's %s; take the mkbootimg of the image's own Android release", r.Image, r.Mkbootimg, f.name)
		}
	}
	for _, p := range before.parts {
		want := io.Reader(before.part(p.name))
		if p.name == "kernel" {
			want = kernel
		}
		same, err := equal(want, after.part(p.name))
		if err != nil {
			return err
		}
		if !same {
			return fmt.Errorf("repack %s: %s changed its %s; take the mkbootimg of the image's own Android release", r.Image, r.Mkbootimg, p.name)
		}
	}
	return nil
}

// image is a boot image that is read.
type image struct {
	*os.File
	*header
}

func open(path string) (*image, error) {
	f, err := infile.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil {
		var h *header
		if h, err = readHeader(f, info.Size()); err == nil {
			return &image{f, h}, nil
		}
		err = fmt.Errorf("%s: %w", path, err)
	}
	f.Close()
	return nil, err
}

// part is one of the image's parts, empty when there is none.
func (m *image) part(name string) *io.SectionReader {
	for _, p := range m.parts {
		if p.name == name {
			return io.NewSectionReader(m.File, p.offset, p.size)
		}
	}
	return io.NewSectionReader(m.File, 0, 0)
}

// formats are what boot loaders tell kernels apart by.
var formats = []struct {
	name, magic string
	at          int64
}{
	{"gzip", "\x1f\x8b", 0},
	{"lz4", "\x02\x21\x4c\x18", 0},
	{"lz4", "\x04\x22\x4d\x18", 0},
	{"a raw arm64 Image", "ARM\x64", 56},
	{"a raw riscv Image", "RISCV", 48},
	{"an x86 bzImage", "HdrS", 0x202},
}

// format names a kernel's format.
func format(r io.ReaderAt) string {
	for _, f := range formats {
		p := make([]byte, len(f.magic))
		if _, err := r.ReadAt(p, f.at); err == nil && string(p) == f.magic {
			return f.name
		}
	}
	return "of a format that is not known"
}

// equal says whether two readers have the same bytes.
func equal(a, b io.Reader) (bool, error) {
	p, q := make([]byte, 1<<20), make([]byte, 1<<20)
	for {
		n, err := io.ReadFull(a, p)
		m, errB := io.ReadFull(b, q)
		end := err == io.EOF || err == io.ErrUnexpectedEOF
		switch endB := errB == io.EOF || errB == io.ErrUnexpectedEOF; {
		case err != nil && !end:
			return false, err
		case errB != nil && !endB:
			return false, errB
		case !bytes.Equal(p[:n], q[:m]):
			return false, nil
		case end || endB:
			return end == endB, nil
		}
	}
}

func copyTo(from, to string) error {
	in, err := infile.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	return atomicfile.Write(to, 0o644, func(f *os.File) error {
		_, err := io.Copy(f, in)
		return err
	})
}
