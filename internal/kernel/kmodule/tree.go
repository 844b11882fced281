// SPDX-License-Identifier: Apache-2.0

package kmodule

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/cli/infile"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/kmake"
)

// btfMagic begins raw BTF, in the byte order of the machine it is of
// (include/uapi/linux/btf.h).
const btfMagic = 0xeb9f

// addToTree makes a tree of links of the archive's, with what is given beside
// the archive: host tools, and vmlinux as the base of the modules' BTF.
func (m *Module) addToTree() error {
	put := map[string]string{}
	if m.BaseBTF != "" {
		if err := checkBaseBTF(m.BaseBTF); err != nil {
			return err
		}
		put["vmlinux"] = m.BaseBTF
	}
	if m.HostTools != "" {
		// In Bazel's sandbox an empty directory is a link to one.
		dir, err := realPath(m.HostTools)
		if err != nil {
			return fmt.Errorf("read the host tools: %w", err)
		}
		err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			rel, err := filepath.Rel(dir, path)
			put[rel] = path
			return err
		})
		if err != nil {
			return fmt.Errorf("read the host tools: %w", err)
		}
	}
	if len(put) == 0 {
		return nil
	}
	for name, file := range put {
		if err := kmake.Absolute(&file); err != nil {
			return err
		}
		put[name] = file
	}
	dir := filepath.Join(m.Scratch, "tree")
	if err := linkTree(m.Tree, dir, put); err != nil {
		return err
	}
	m.Tree = dir
	return nil
}

// reachable is the archive's directory, or one of links to it where make cannot
// work in the archive's own.
func reachable(tree, scratch string) (string, error) {
	tree, err := realPath(tree)
	if err != nil || neutral(tree) {
		return tree, err
	}
	links := filepath.Join(scratch, "archive")
	return links, linkTree(tree, links, nil)
}

// linkTree makes the directory to out of links to what from has, and to put,
// which is by name and wins. Only directories that put reaches into are made.
func linkTree(from, to string, put map[string]string) error {
	if err := os.Mkdir(to, 0o755); err != nil {
		return err
	}
	below := map[string]map[string]string{}
	for name, file := range put {
		first, rest, deeper := strings.Cut(name, "/")
		if !deeper {
			if err := os.Symlink(file, filepath.Join(to, name)); err != nil {
				return err
			}
			continue
		}
		if below[first] == nil {
			below[first] = map[string]string{}
		}
		below[first][rest] = file
	}
	entries, err := os.ReadDir(from)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, e := range entries {
		_, replaced := put[e.Name()]
		if replaced || below[e.Name()] != nil {
			continue
		}
		if err := os.Symlink(filepath.Join(from, e.Name()), filepath.Join(to, e.Name())); err != nil {
			return err
		}
	}
	for name, rest := range below {
		if err := linkTree(filepath.Join(from, name), filepath.Join(to, name), rest); err != nil {
			return err
		}
	}
	return nil
}

// checkBaseBTF says what a file that is to be the base of BTF is instead.
func checkBaseBTF(file string) error {
	const expected = "expected the kernel's own /sys/kernel/btf/vmlinux, or its vmlinux with a section .BTF"
	f, err := infile.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	magic := make([]byte, 4)
	if _, err := f.ReadAt(magic, 0); err != nil {
		return fmt.Errorf("read %s: %w; %s", file, err, expected)
	}
	if binary.LittleEndian.Uint16(magic) == btfMagic || binary.BigEndian.Uint16(magic) == btfMagic {
		return nil
	}
	if !bytes.Equal(magic, []byte(elf.ELFMAG)) {
		return fmt.Errorf("read %s: it begins with % x, neither BTF nor ELF; %s", file, magic, expected)
	}
	program, err := elf.NewFile(f)
	if err != nil {
		return fmt.Errorf("read %s: %w", file, err)
	}
	if program.Section(".BTF") == nil {
		return fmt.Errorf("read %s: it has no section .BTF; %s", file, expected)
	}
	return nil
}

// checkBTF says why modules with BTF cannot be made, when they are asked for.
func (m Module) checkBTF(config map[string]string) error {
	if m.BaseBTF == "" {
		return nil
	}
	if config["CONFIG_DEBUG_INFO_BTF_MODULES"] != "y" {
		return fmt.Errorf("build from %s: the kernel has no CONFIG_DEBUG_INFO_BTF_MODULES, so its modules have no BTF; leave base_btf out", m.tree)
	}
	const resolve = "tools/bpf/resolve_btfids/resolve_btfids"
	if !exists(m.Tree, resolve) {
		return fmt.Errorf("build from %s: no %s, which base_btf needs: take an archive with host tools, or one of kheaders_host_tools", m.tree, resolve)
	}
	return nil
}
