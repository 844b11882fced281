// SPDX-License-Identifier: Apache-2.0

// Package stamp writes an archive into a carrier's reservation, and reads it
// back: the commands of patcher, without their flags.
package stamp

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/rules-kheaders/rules_kheaders/internal/archive/container"
	"github.com/rules-kheaders/rules_kheaders/internal/archive/xz"
	"github.com/rules-kheaders/rules_kheaders/internal/carrier"
	"github.com/rules-kheaders/rules_kheaders/internal/carrier/unwrap"
	"github.com/rules-kheaders/rules_kheaders/internal/cli/infile"
)

// input is a file that is read, and how large it is.
type input struct {
	*os.File
	path string
	size int64 // bytes
	keep int64 // bytes of it that a stamped copy has: all but a signature that is dropped
	mode fs.FileMode

	inner []unwrap.Inner // what was taken out of the file
}

// Close closes the file and gives up what was decoded of it.
func (in *input) Close() error {
	var err error
	for _, i := range in.inner {
		err = errors.Join(err, i.Close())
	}
	return errors.Join(err, in.File.Close())
}

// open opens a regular file; what says what it is expected to be.
func open(path, what string) (*input, error) {
	// Before it is opened: that of a FIFO would wait for who writes into it.
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		is := "no regular file"
		if info.IsDir() {
			is = "a directory"
		}
		return nil, fmt.Errorf("read %s %s: it is %s: expected %s", what, path, is, expected[what])
	}
	f, err := infile.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", what, err)
	}
	info, err := f.Stat()
	if err == nil && info.Size() == 0 {
		err = errors.New("it is empty")
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("read %s %s: %w: expected %s", what, path, err, expected[what])
	}
	return &input{File: f, path: path, size: info.Size(), keep: info.Size(), mode: info.Mode()}, nil
}

// What open's errors call a file, and what it should have been.
const (
	aCarrier  = "carrier"
	anArchive = "archive"
	aFile     = "file"
)

var expected = map[string]string{
	aCarrier:  "a vmlinux, kheaders.ko or raw Image with a reservation",
	anArchive: "the file that 'packer pack' wrote",
	aFile:     "a carrier (vmlinux, kheaders.ko, raw Image) or an archive",
}

// reserved is a region and what it holds.
type reserved struct {
	carrier.Region
	in      io.ReaderAt // what Offset is an offset in: the file, or what it wraps
	size    int64       // of in, in bytes
	wrapped bool
	archive *container.Archive // nil if packer did not make it
	err     error              // why archive is nil
}

// bytes are what the region holds.
func (r *reserved) bytes() *io.SectionReader { return io.NewSectionReader(r.in, r.Offset, r.Size) }

// kernelRelease is the release that the carrier says it is, or "". The file is
// searched for it only where no symbol leads there: a raw Image, a vmlinux
// without symbols.
func (r *reserved) kernelRelease() string {
	if r.Release == "" && r.Size < r.size {
		return carrier.ScanRelease(r.in, r.size)
	}
	return r.Release
}

// locate finds the reservation in a file, as it is, that is to be replaced, and
// reads what it is.
func (in *input) locate(o carrier.Options) (*reserved, error) {
	return in.read(in, in.size, o, container.Peek)
}

// parser reads what a region holds.
type parser func(r io.ReaderAt, size int64) (*container.Archive, error)

func (in *input) read(r io.ReaderAt, size int64, o carrier.Options, parse parser) (*reserved, error) {
	region, err := carrier.Locate(r, size, o)
	if err != nil {
		return nil, fmt.Errorf("find reservation in %s: %w", in.path, err)
	}
	return in.parse(&reserved{Region: region, in: r, size: size}, parse)
}

// parse reads what the region holds, all but the content of an archive, which
// is left in the file.
func (in *input) parse(at *reserved, parse parser) (*reserved, error) {
	if at.Size > container.MaxCapacity {
		return nil, fmt.Errorf("find reservation in %s: %s has %d bytes, expected at most %d", in.path, where(at.Region), at.Size, container.MaxCapacity)
	}
	at.archive, at.err = parse(at.bytes(), at.Size)
	if unread := (*xz.ReadError)(nil); errors.As(at.err, &unread) {
		return nil, fmt.Errorf("read %s: %w", in.path, unread)
	}
	if at.err != nil && container.Marked(at.bytes()) {
		return nil, fmt.Errorf("read %s: %s holds a damaged archive: %w", in.path, where(at.Region), at.err)
	}
	return at, nil
}

// maxLayers bounds how often one file may be wrapped in another: a boot image
// holds a compressed image, which may hold a compressed kernel.
const maxLayers = 4

// locateInside is locate for reading only: it also looks into compressed
// files, images that unpack themselves, and boot images, and takes a .tar.xz
// that packer did not make for a region of its own.
func (in *input) locateInside(o carrier.Options) (*reserved, error) {
	r, size := io.ReaderAt(in), in.size
	layers, signed := "", carrier.Unsigned
	for depth := 0; ; depth++ {
		at, err := in.read(r, size, o, container.Read)
		if err == nil {
			at.Kind += layers
			at.wrapped = layers != ""
			at.Signed = cmp.Or(signed, at.Signed)
			return at, nil
		}
		signed = cmp.Or(signed, carrier.SignatureOf(r, size))
		var wrapped *carrier.WrappedError
		if !errors.As(err, &wrapped) {
			return nil, err
		}
		if isTarXZ(io.NewSectionReader(r, 0, size)) {
			return in.parse(&reserved{Region: carrier.Region{Size: size, Kind: "tar.xz" + layers}, in: r, size: size}, container.Read)
		}
		if depth == maxLayers {
			return nil, fmt.Errorf("find reservation in %s: more than %d files in one another%s", in.path, depth, layers)
		}
		inner, err := unwrap.Open(r, size)
		if err == nil {
			in.inner = append(in.inner, inner)
		}
		if errors.Is(err, unwrap.ErrNone) {
			err = fmt.Errorf("it is %s%s, which cannot be unpacked: expected %s; give the vmlinux or kheaders.ko itself", wrapped.Kind, layers, unwrap.Known)
		}
		if err != nil {
			return nil, fmt.Errorf("find reservation in %s: %w", in.path, err)
		}
		r, size = inner, inner.Size
		layers = " in " + inner.Name + layers
	}
}

// isTarXZ says whether an .xz file holds a tar archive, by the magic that
// POSIX and GNU tar have in common.
func isTarXZ(r io.Reader) bool {
	z, err := xz.NewReader(r)
	if err != nil {
		return false
	}
	var block [512]byte
	_, err = io.ReadFull(z, block[:])
	return err == nil && string(block[257:262]) == "ustar"
}

// holds says in a few words what a region holds that is not one of our archives.
func (r *reserved) holds() string {
	switch {
	case r.isXZ():
		return "an .xz file that packer did not make"
	case r.isZero():
		return "zeros"
	}
	return "other data"
}

func (r *reserved) isXZ() bool {
	p := make([]byte, len(xz.Magic))
	return xz.ReadFull(r.bytes(), p, 0) == nil && string(p) == xz.Magic
}

func (r *reserved) isZero() bool {
	in, p := r.bytes(), make([]byte, 32<<10)
	for {
		n, err := in.Read(p)
		if len(bytes.Trim(p[:n], "\x00")) > 0 {
			return false
		}
		if err != nil {
			return err == io.EOF
		}
	}
}

// where names the region in a message.
func where(r carrier.Region) string {
	if r.How == "" {
		return "the file"
	}
	if r.Name == "" {
		return fmt.Sprintf("the reservation at offset %d", r.Offset)
	}
	return fmt.Sprintf("%s %s", r.How, r.Name)
}

// causeOf takes the name of a temporary file, which is never read, out of an
// error.
func causeOf(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) && path.Op != "read" {
		return path.Err
	}
	return err
}
