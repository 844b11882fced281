// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// prepare unpacks the two trees, and finds the kernel's BTF.
func (c *corpus) prepare() error {
	c.sources = filepath.Dir(c.guest)
	c.libbpf = filepath.Join(filepath.Dir(c.bpftool), "bpf")
	c.trees = []tree{{"archive", filepath.Join(c.dir, "archive")}, {"linux-headers", filepath.Join(c.dir, "headers")}}
	if _, err := c.command(c.patcher, "extract", "--carrier", c.archive, "--dir", c.trees[0].dir); err != nil {
		return err
	}
	release, err := os.ReadFile(filepath.Join(c.trees[0].dir, "include/config/kernel.release"))
	if err != nil {
		return err
	}
	c.release = strings.TrimSpace(string(release))
	if err := mergeHeaders(c.headers, c.trees[1].dir); err != nil {
		return err
	}
	c.vmlinux = filepath.Join(c.dir, "vmlinux")
	return c.unpackImage()
}

// command runs a program and returns its output.
func (c *corpus) command(name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(c.ctx, name, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %s", filepath.Base(name), err, strings.TrimSpace(stderr.String()))
	}
	return out, nil
}

// mergeHeaders unpacks the packages linux-headers-REL-common and
// linux-headers-REL into one tree, as `make` there sees them by VPATH.
func mergeHeaders(file, dir string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", file, err)
		}
		name, ok := strings.CutPrefix(h.Name, "usr/src/linux-headers-")
		_, name, below := strings.Cut(name, "/")
		if !ok || !below || h.Typeflag != tar.TypeReg || !filepath.IsLocal(name) {
			continue
		}
		to := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		content, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		if err := os.WriteFile(to, content, 0o644); err != nil {
			return err
		}
	}
}

// unpackImage writes the vmlinux that a bzImage holds: payload_offset and
// payload_length of Documentation/arch/x86/boot.rst.
func (c *corpus) unpackImage() error {
	image, err := os.ReadFile(c.image)
	if err != nil {
		return err
	}
	if len(image) < 0x250 || string(image[0x202:0x206]) != "HdrS" {
		return fmt.Errorf("read %s: no boot header, expected a bzImage", c.image)
	}
	start := (int(image[0x1f1]) + 1) * 512
	offset, length := binary.LittleEndian.Uint32(image[0x248:]), binary.LittleEndian.Uint32(image[0x24c:])
	if start+int(offset)+int(length) > len(image) || length < 4 {
		return fmt.Errorf("read %s: its payload of %d bytes at %d is not all there", c.image, length, offset)
	}
	payload := image[start+int(offset):][:length]
	// The size of what it unpacks to is behind it.
	payload = payload[:len(payload)-4]
	var unpack []string
	switch {
	case bytes.HasPrefix(payload, []byte("\xfd7zXZ")):
		unpack = []string{"xz", "--decompress", "--stdout"}
	case bytes.HasPrefix(payload, []byte("\x28\xb5\x2f\xfd")):
		unpack = []string{"zstd", "--decompress", "--stdout"}
	default:
		return fmt.Errorf("read %s: its payload begins with %x, expected xz or zstd", c.image, payload[:4])
	}
	out, err := os.Create(c.vmlinux)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(c.ctx, unpack[0], unpack[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(payload), out, os.Stderr
	return errors.Join(cmd.Run(), out.Close())
}
