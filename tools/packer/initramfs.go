// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/archive/container"
	"github.com/rules-kheaders/rules_kheaders/internal/carrier/cpio"
	"github.com/rules-kheaders/rules_kheaders/internal/cli"
	"github.com/rules-kheaders/rules_kheaders/internal/cli/atomicfile"
	"github.com/rules-kheaders/rules_kheaders/internal/cli/infile"
)

var initramfs = cli.Command{
	Name:    "initramfs",
	Usage:   "--archive FILE --name /PATH/IN/GUEST --out F.cpio [--append-to INITRAMFS]",
	Summary: "Write a cpio that puts an archive into an initramfs.",
	Run:     runInitramfs,
}

func runInitramfs(args []string, _, _ io.Writer) error {
	flags := cli.NewFlags()
	archive := flags.String("archive", "", "the `FILE` that 'packer pack' wrote")
	name := flags.String("name", "", "the `PATH` that the archive has in the guest, such as /kheaders.tar.xz")
	out := flags.String("out", "", "the `FILE` to write")
	to := flags.String("append-to", "", "write this `INITRAMFS` first, and the cpio behind it where the kernel looks for it")
	if err := cli.ParseAll(flags, args, "archive", "name", "out"); err != nil {
		return err
	}
	if err := checkGuestName(*name); err != nil {
		return err
	}
	in, info, err := openArchive(*archive)
	if err != nil {
		return err
	}
	defer in.Close()
	if there, err := os.Stat(*out); err == nil && os.SameFile(there, info) {
		return cli.Usagef("--out is %q: it is also the archive", *out)
	}
	var first io.Reader = strings.NewReader("")
	if *to != "" {
		f, err := openInitramfs(*to)
		if err != nil {
			return err
		}
		defer f.Close()
		first = f
	}
	return atomicfile.Write(*out, 0o644, func(f *os.File) error {
		n, err := io.Copy(f, first)
		if path := (*fs.PathError)(nil); errors.As(err, &path) && path.Path == *to {
			return fmt.Errorf("read initramfs: %w", err)
		}
		if err == nil {
			// The kernel takes a cpio only at a multiple of 4 bytes
			// (linux/init/initramfs.c, unpack_to_rootfs), and skips zeros.
			_, err = f.Write(make([]byte, -n&3))
		}
		if err == nil {
			err = writeCpio(f, *name, io.NewSectionReader(in, 0, info.Size()))
		}
		if err != nil {
			return fmt.Errorf("write initramfs %s: %w", *out, withoutName(err, f.Name()))
		}
		return nil
	})
}

// openInitramfs opens what a cpio is to be appended to.
func openInitramfs(name string) (*os.File, error) {
	info, err := os.Stat(name) // opening a pipe would wait for a writer
	if err != nil {
		return nil, fmt.Errorf("read initramfs: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("read initramfs %s: it is not a regular file, expected a cpio, compressed or not", name)
	}
	f, err := infile.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read initramfs: %w", err)
	}
	return f, nil
}

// withoutName takes the name of a temporary file out of an error.
func withoutName(err error, name string) error {
	var path *fs.PathError
	if errors.As(err, &path) && path.Path == name {
		return path.Err
	}
	return err
}

// writeCpio writes the directories above name, which is absolute, and the file.
func writeCpio(w io.Writer, name string, content *io.SectionReader) error {
	name = name[1:]
	c := cpio.NewWriter(w)
	for i := range name {
		if name[i] == '/' {
			if err := c.Dir(name[:i], 0o755); err != nil {
				return err
			}
		}
	}
	if err := c.FileFrom(name, 0o644, content.Size(), content); err != nil {
		return err
	}
	return c.Close()
}

// usrLinks are directories of the root that are symbolic links to those of /usr
// on systems with a merged /usr, and so in their initramfs.
var usrLinks = []string{"bin", "lib", "lib32", "lib64", "libx32", "sbin"}

// otherModes are directories that are not 0755 where they are.
var otherModes = []string{"root", "tmp", "var/tmp"}

// maxGuestName is the size in bytes of the longest name: linux/limits.h,
// PATH_MAX, with the NUL that ends it.
const maxGuestName = 4096

// maxComponent is the size in bytes of the longest name in a directory: the
// same, NAME_MAX. The kernel passes over a file that it cannot make.
const maxComponent = 255

// taken are names of an initramfs, beside usrLinks and otherModes, that are no
// place for a file: the program that the kernel starts, and directories.
var taken = []string{"dev", "etc", "init", "proc", "run", "sys", "usr", "usr/bin", "usr/lib", "usr/sbin", "var"}

func checkGuestName(name string) error {
	const example = "such as /kheaders.tar.xz"
	if !path.IsAbs(name) {
		return cli.Usagef("--name is %q: expected an absolute path, %s", name, example)
	}
	if path.Clean(name) != name || name == "/" || strings.ContainsRune(name, 0) {
		return cli.Usagef("--name is %q: expected a clean path to a file, without //, /./, /../ or a / at the end, %s", name, example)
	}
	if len(name) > maxGuestName {
		return cli.Usagef("--name has %d bytes: expected at most %d", len(name), maxGuestName)
	}
	for _, c := range strings.Split(name, "/") {
		if len(c) > maxComponent {
			return cli.Usagef("--name has a component of %d bytes, %.20q...: expected at most %d between two slashes", len(c), c, maxComponent)
		}
	}
	if slices.Contains(slices.Concat(taken, usrLinks, otherModes), name[1:]) {
		return cli.Usagef("--name is %q: an initramfs has something else of that name, which the kernel would replace: expected a path such as /kheaders.tar.xz", name)
	}
	if name[1:] == cpio.Trailer {
		return cli.Usagef("--name is %q: in a cpio, that name ends the archive", name)
	}
	// The kernel removes what is in the way of a directory: linux/init/
	// initramfs.c, clean_path.
	if top, _, below := strings.Cut(name[1:], "/"); below && slices.Contains(usrLinks, top) {
		return cli.Usagef("--name is %q: /%s is a symbolic link in many an initramfs, and the kernel would replace it by a directory: expected a path such as /usr%s or /kheaders.tar.xz", name, top, name)
	}
	if strings.HasPrefix(name[1:], "init/") {
		return cli.Usagef("--name is %q: /init is the program that an initramfs starts, and the kernel would replace it by a directory: expected a path such as /kheaders.tar.xz", name)
	}
	// It gives a directory that is there the mode and the owner of the one in
	// the cpio: the same, do_name.
	for _, dir := range otherModes {
		if strings.HasPrefix(name[1:], dir+"/") {
			return cli.Usagef("--name is %q: /%s has a mode of its own, and the kernel would make it 0755: expected a path such as /usr/lib/kheaders.tar.xz or /kheaders.tar.xz", name, dir)
		}
	}
	return nil
}

// openArchive opens an archive and checks that it is one, and stamped.
func openArchive(name string) (*os.File, fs.FileInfo, error) {
	// Before it is opened: that of a FIFO would wait for who writes into it.
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("read archive %s: it is not a regular file: expected the file that 'packer pack' wrote", name)
	}
	f, err := infile.Open(name)
	if err != nil {
		return nil, nil, fmt.Errorf("read archive: %w", err)
	}
	info, err := f.Stat()
	var a *container.Archive
	if err == nil {
		a, err = container.Read(f, info.Size())
	}
	if err == nil && !a.Marker.Stamped {
		err = errors.New("it is a placeholder")
	}
	if err != nil {
		f.Close()
		return nil, nil, fmt.Errorf("read archive %s: %w: expected the file that 'packer pack' wrote", name, err)
	}
	return f, info, nil
}
