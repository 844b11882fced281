// SPDX-License-Identifier: Apache-2.0

// Package cpio writes the archives that Linux unpacks into its initramfs: the
// "newc" format of Documentation/driver-api/early-userspace/buffer-format.rst.
package cpio

import (
	"bytes"
	"fmt"
	"io"
	"strings"
)

// A Writer writes one archive. Everything but names, modes, contents and the
// numbers of device nodes is pinned: owner 0:0, time 0, one link, and inode
// numbers that count up, so same records give same bytes.
type Writer struct {
	w     io.Writer
	inode uint32
	err   error
}

// Types of records, as in st_mode (include/uapi/linux/stat.h).
const (
	typeDir  = 0o040000
	typeFile = 0o100000
	typeLink = 0o120000
	typeChar = 0o020000
)

// NewWriter returns a Writer to w.
func NewWriter(w io.Writer) *Writer { return &Writer{w: w} }

// Dir writes a directory. Its parents must have been written.
func (w *Writer) Dir(name string, perm uint32) error {
	return w.record(name, typeDir|perm, 0, 0, 0, strings.NewReader(""))
}

// File writes a regular file.
func (w *Writer) File(name string, perm uint32, content []byte) error {
	return w.FileFrom(name, perm, int64(len(content)), bytes.NewReader(content))
}

// FileFrom writes a regular file of size bytes, which content has to have.
func (w *Writer) FileFrom(name string, perm uint32, size int64, content io.Reader) error {
	return w.record(name, typeFile|perm, 0, 0, size, content)
}

// Symlink writes a symbolic link.
func (w *Writer) Symlink(name, target string) error {
	return w.record(name, typeLink|0o777, 0, 0, int64(len(target)), strings.NewReader(target))
}

// Char writes a character device's node.
func (w *Writer) Char(name string, perm, major, minor uint32) error {
	return w.record(name, typeChar|perm, major, minor, 0, strings.NewReader(""))
}

// Trailer is the name of the record that ends an archive: no file can have it.
const Trailer = "TRAILER!!!"

// Close ends the archive. Archives can be put behind one another: each record
// is padded to 4 bytes, and so is the whole.
func (w *Writer) Close() error {
	return w.record(Trailer, 0, 0, 0, 0, strings.NewReader(""))
}

// record writes a header and size bytes of content.
func (w *Writer) record(name string, mode, major, minor uint32, size int64, content io.Reader) error {
	if w.err != nil {
		return w.err
	}
	if size > 0xffffffff {
		return fmt.Errorf("write %s: %d bytes, the newc format has room for 4 GiB", name, size)
	}
	links := 1
	if mode&typeDir == typeDir {
		links = 2
	}
	w.inode++
	header := fmt.Sprintf("070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%s\x00",
		w.inode, mode, 0, 0, links, 0, size, 0, 0, major, minor, len(name)+1, 0, name)
	w.write(name, strings.NewReader(header), int64(len(header)))
	w.write(name, content, size)
	return w.err
}

// write writes n bytes and pads them to 4.
func (w *Writer) write(name string, r io.Reader, n int64) {
	if w.err != nil {
		return
	}
	got, err := io.Copy(w.w, io.LimitReader(r, n))
	if err == nil && got < n {
		err = fmt.Errorf("%d of %d bytes: %w", got, n, io.ErrUnexpectedEOF)
	}
	if pad := -n & 3; pad > 0 && err == nil {
		_, err = w.w.Write(make([]byte, pad))
	}
	if err != nil {
		w.err = fmt.Errorf("write %s: %w", name, err)
	}
}
