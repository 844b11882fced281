// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/ulikunitz/xz/lzma"

	"github.com/rules-kheaders/rules_kheaders/internal/archive/container"
	"github.com/rules-kheaders/rules_kheaders/internal/archive/xz"
	"github.com/rules-kheaders/rules_kheaders/internal/carrier"
	"github.com/rules-kheaders/rules_kheaders/internal/carrier/carriertest"
	"github.com/rules-kheaders/rules_kheaders/internal/carrier/stamp"
)

const (
	release  = carriertest.Release
	members  = 120
	capacity = 256 << 10
)

// base is what is attacked: files of every kind that is read.
type base struct {
	dir     string
	archive string            // a stamped archive
	carrier string            // a vmlinux with a placeholder
	files   map[string][]byte // stamped, by their names
	names   []string
	tree    string // what the archive unpacks to, as digest returns it
	content string // its digest, as inspect prints it
}

func newBase(dir string) (*base, error) {
	b := &base{dir: dir, archive: filepath.Join(dir, "archive.tar.xz"), carrier: filepath.Join(dir, "vmlinux"), files: map[string][]byte{}}
	content := tarOf(members)
	var blocks []xz.Block
	for i, n := 0, len(content)/1024*512; i < len(content); i += n { // in two blocks
		block, err := compress(content[i:min(i+n, len(content))])
		if err != nil {
			return nil, err
		}
		blocks = append(blocks, block)
	}
	a := container.Archive{Marker: container.Marker{Stamped: true, Release: release, Members: members, Content: sha256.Sum256(content)}, Content: blocks}
	packed, err := a.Bytes(a.MinSize())
	if err != nil {
		return nil, err
	}
	placeholder, err := container.Placeholder(capacity)
	if err != nil {
		return nil, err
	}
	vmlinux := carriertest.ELF{Is64: true, Type: elf.ET_EXEC, Machine: elf.EM_X86_64}.SectionKernel(carrier.DefaultSection, placeholder).Bytes()
	module := carriertest.ELF{Is64: true, Type: elf.ET_REL, Machine: elf.EM_AARCH64}.Kernel(placeholder).Bytes()
	image := carriertest.Image(placeholder)
	for name, p := range map[string][]byte{b.archive: packed, b.carrier: vmlinux} {
		if err := os.WriteFile(name, p, 0o644); err != nil {
			return nil, err
		}
	}
	for name, p := range map[string][]byte{"vmlinux": vmlinux, "kheaders.ko": module, "Image": image} {
		in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
		if err := os.WriteFile(in, p, 0o644); err != nil {
			return nil, err
		}
		if err := stamp.Stamp(stamp.Request{Carrier: in, Archive: b.archive, Out: out}); err != nil {
			return nil, err
		}
		if b.files[name], err = os.ReadFile(out); err != nil {
			return nil, err
		}
		if err := errors.Join(os.Remove(in), os.Remove(out)); err != nil {
			return nil, err
		}
	}
	b.files["archive"] = packed
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	w.Write(b.files["Image"])
	w.Close()
	b.files["Image.gz"] = z.Bytes()
	zboot := make([]byte, 512)
	copy(zboot, "MZ\x00\x00zimg")
	binary.LittleEndian.PutUint32(zboot[8:], uint32(len(zboot)))
	binary.LittleEndian.PutUint32(zboot[12:], uint32(z.Len()))
	copy(zboot[0x38:], "\xcd\x23\x82\x81")
	b.files["vmlinuz.efi"] = append(zboot, z.Bytes()...)
	for _, name := range []string{"vmlinux", "kheaders.ko", "Image", "archive", "Image.gz", "vmlinuz.efi"} {
		b.names = append(b.names, name)
	}
	info, err := stamp.Inspect(b.archive, carrier.Options{})
	if err != nil {
		return nil, err
	}
	b.content = info.ContentSHA256
	tree := filepath.Join(dir, "tree")
	if _, err := stamp.ExtractTree(b.archive, tree, carrier.Options{}); err != nil {
		return nil, err
	}
	b.tree, err = digest(tree)
	return b, err
}

// tarOf returns n members of a tar archive, without its end.
func tarOf(n int) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := range n {
		text := strings.Repeat(fmt.Sprintf("#define NUMBER_%d %d\n", i, i*i), 10+i%50)
		w.WriteHeader(&tar.Header{Name: fmt.Sprintf("include/linux/%d/header_%d.h", i%7, i), Mode: 0o644, Size: int64(len(text))})
		w.Write([]byte(text))
	}
	w.Flush()
	return b.Bytes()
}

// compress makes a block of LZMA2.
func compress(p []byte) (xz.Block, error) {
	const dict = 1 << 16
	var b bytes.Buffer
	w, err := lzma.Writer2Config{DictCap: dict}.NewWriter2(&b)
	if err != nil {
		return xz.Block{}, err
	}
	if _, err := w.Write(p); err != nil {
		return xz.Block{}, err
	}
	if err := w.Close(); err != nil {
		return xz.Block{}, err
	}
	return xz.Block{LZMA2: xz.Bytes(b.Bytes()), Uncompressed: int64(len(p)), CRC32: crc32.ChecksumIEEE(p), DictProp: xz.DictProp(dict)}, nil
}

// digest returns one text for all that is below a directory, but the marker, which says
// how large the reservation is.
func digest(dir string) (string, error) {
	sum := sha256.New()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		fmt.Fprintf(sum, "%q %v\n", rel, d.Type())
		if !d.Type().IsRegular() || rel == container.MemberName {
			return nil
		}
		p, err := os.ReadFile(path)
		sum.Write(p)
		return err
	})
	return fmt.Sprintf("%x", sum.Sum(nil)), err
}
