// SPDX-License-Identifier: Apache-2.0

// Package carrier finds the reservation in a carrier: in a vmlinux or
// kheaders.ko (ELF of either class and byte order, ET_EXEC, ET_DYN or ET_REL),
// or in a raw Image.
//
// It reads through an io.ReaderAt, in pieces of 64 KiB, and of some 128 KiB where
// it looks for a marker; it writes nothing.
package carrier

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/archive/container"
	"github.com/rules-kheaders/rules_kheaders/internal/archive/xz"
	"github.com/rules-kheaders/rules_kheaders/internal/carrier/format"
)

// Where a reservation is unless the caller says otherwise.
const (
	// DefaultSection is the one section name that no linker script of the
	// kernel but um's merges into another (linux/include/asm-generic/vmlinux.lds.h, RO_DATA).
	DefaultSection = ".rodata1"
	// DefaultStart and DefaultEnd are the symbols of linux/kernel/kheaders.c.
	DefaultStart = "kernel_headers_data"
	DefaultEnd   = "kernel_headers_data_end"
)

// Ways a reservation was found, in Region.How.
const (
	BySection = "section"
	BySymbols = "symbols"
	ByMarker  = "marker"
)

// Options say where a reservation is, for a kernel that has it elsewhere. Zero
// means the default section, the default symbols and the marker.
type Options struct {
	Section    string // name of an ELF section
	Start, End string // names of two ELF symbols: the first byte, and the one after the last
}

// Region is a reservation.
type Region struct {
	Offset, Size int64     // in the file, in bytes
	How          string    // BySection, BySymbols or ByMarker
	Name         string    // the section, or "start,end"; "" by marker
	Kind         string    // "ELF64 LE ET_EXEC x86-64", "raw Image arm64", "raw", "archive"
	Release      string    // kernel release the carrier says it is, "" if it does not
	Signed       Signature // what covers the file
}

// Locate finds the one reservation in a file of size bytes.
//
// The ways, in order: what o names; the section .rodata1; the symbols
// kernel_headers_data and kernel_headers_data_end; the marker in the archive
// itself. Ways that disagree, more than one reservation, and a region that is
// not plain data inside the file are errors. What the region holds is not
// looked at, unless the marker led to it. A compressed file is a *WrappedError.
func Locate(r io.ReaderAt, size int64, o Options) (Region, error) {
	if err := o.check(); err != nil {
		return Region{}, err
	}
	if size == 0 {
		return Region{}, errors.New("file is empty: expected a carrier (vmlinux, kheaders.ko, raw Image)")
	}
	head := make([]byte, min(size, format.Probe))
	if err := readFull(r, head, 0); err != nil {
		return Region{}, fmt.Errorf("read file header: %w", err)
	}
	isELF, kind, err := identify(head)
	var region Region
	switch {
	case isELF:
		region, err = locateELF(r, size, o)
	case err != nil && (o != Options{} || !strings.HasPrefix(string(head), xz.Magic)):
	case o != Options{}:
		err = fmt.Errorf("file is not ELF and has no sections or symbols: expected no %s for a raw Image, whose reservation is found by its marker", o)
	default:
		region, err = locateFlat(r, size, kind, err)
	}
	if err != nil {
		return Region{}, err
	}
	if region.Size%4 != 0 || region.Size == 0 {
		return Region{}, fmt.Errorf("%s has a capacity of %d bytes: expected a multiple of 4 above 0; make the placeholder with 'packer placeholder --capacity N'", region.where(), region.Size)
	}
	region.Signed = SignatureOf(r, size)
	return region, nil
}

func (o Options) check() error {
	if (o.Start == "") != (o.End == "") {
		return fmt.Errorf("symbol pair is %q, %q: expected both", o.Start, o.End)
	}
	if o.Start != "" && o.Start == o.End {
		return fmt.Errorf("symbol pair is %q twice: expected a start and an end", o.Start)
	}
	for _, name := range []string{o.Section, o.Start, o.End} {
		if len(name) > 1024 || strings.ContainsRune(name, 0) {
			return fmt.Errorf("name of %d bytes: expected an ELF section or symbol name of at most 1024", len(name))
		}
	}
	return nil
}

func (o Options) String() string {
	var given []string
	if o.Section != "" {
		given = append(given, "section "+o.Section)
	}
	if o.Start != "" {
		given = append(given, "symbols "+o.Start+","+o.End)
	}
	return strings.Join(given, " and ")
}

// where names a region in a message.
func (r Region) where() string {
	if r.How == ByMarker {
		return fmt.Sprintf("reservation at offset %d", r.Offset)
	}
	return r.How + " " + r.Name
}

// locateFlat finds the reservation in a file without structure, by the marker.
// notArchive is returned for an .xz file that is not one of our archives.
func locateFlat(r io.ReaderAt, size int64, kind string, notArchive error) (Region, error) {
	found, err := byMarker(r, size)
	if err != nil {
		return Region{}, err
	}
	if notArchive != nil {
		if len(found) != 1 || found[0] != (container.Region{Size: size}) {
			return Region{}, notArchive
		}
		kind = kindArchive
	}
	region, err := single(found, "a raw Image made from a kernel with a placeholder, or a vmlinux or kheaders.ko")
	region.Kind = kind
	return region, err
}

func byMarker(r io.ReaderAt, size int64) ([]container.Region, error) {
	found, err := container.Find(r, size)
	if err != nil {
		return nil, fmt.Errorf("search for the marker: %w", err)
	}
	return found, nil
}

// single makes a Region of the only one found.
func single(found []container.Region, expected string) (Region, error) {
	switch len(found) {
	case 0:
		return Region{}, fmt.Errorf("no reservation found: expected %s; build the kernel with a placeholder from 'packer placeholder --capacity N'", expected)
	case 1:
		return Region{Offset: found[0].Offset, Size: found[0].Size, How: ByMarker}, nil
	}
	return Region{}, fmt.Errorf("%d reservations found, at offsets %d and %d: expected one; name the section or the symbols of the one to use, and remove the other", len(found), found[0].Offset, found[1].Offset)
}
