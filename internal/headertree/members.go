// SPDX-License-Identifier: Apache-2.0

package headertree

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/kmake"
)

// members are what an archive may be made from; which of it goes in is the
// profile's business.
func (p Prepare) members(src, obj string) ([]member, error) {
	arch := "arch/" + p.SrcArch()
	all, err := below(src, []string{"Makefile", "Kbuild", "include", "scripts", arch}, func(name string) bool {
		base := filepath.Base(name)
		return !strings.HasPrefix(name, arch+"/") || strings.Contains(name, "/include/") || strings.HasPrefix(base, "Makefile") ||
			strings.HasPrefix(base, "Kbuild") || hasAnySuffix(base, ".h", ".lds", ".sh")
	})
	if err != nil {
		return nil, err
	}
	made, err := below(obj, []string{"include", "scripts", "tools", arch}, func(name string) bool {
		switch base := filepath.Base(name); {
		case strings.HasPrefix(base, "."), hasAnySuffix(base, ".o", ".a", ".d", ".tmp", ".mod", ".mod.c", ".order", ".so"):
			return false
		case strings.HasPrefix(name, "tools/"):
			return slices.Contains(strippedTools, name)
		case strings.HasPrefix(name, "include/config/"):
			return !isEmpty(filepath.Join(obj, name))
		}
		return true
	})
	if err != nil {
		return nil, err
	}
	for _, m := range made {
		if slices.Contains(strippedTools, m.name) {
			if _, err := kmake.Run(p.Log, p.Scratch, p.Scratch, "strip", "--strip-all", m.file); err != nil {
				return nil, err
			}
		}
	}
	return append(all, made...), nil
}

// strippedTools are the programs that a module's build runs
// (scripts/package/install-extmod-build).
var strippedTools = []string{
	"scripts/basic/fixdep",
	"scripts/genksyms/genksyms",
	"scripts/mod/modpost",
	"tools/bpf/resolve_btfids/resolve_btfids",
	"tools/objtool/objtool",
}

// below lists the regular files below the roots of dir, and the links to such,
// that keep accepts.
func below(dir string, roots []string, keep func(name string) bool) ([]member, error) {
	var all []member
	for _, root := range roots {
		err := filepath.WalkDir(filepath.Join(dir, root), func(path string, d fs.DirEntry, err error) error {
			if os.IsNotExist(err) && path == filepath.Join(dir, root) {
				return nil
			}
			if err != nil {
				return err
			}
			rel, err := filepath.Rel(dir, path)
			if err != nil || d.IsDir() || !keep(rel) {
				return err
			}
			// A link that leads nowhere, or to a directory, is no file of the tree.
			if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
				all = append(all, member{name: filepath.ToSlash(rel), file: path})
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

func isEmpty(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.Size() == 0
}

func hasAnySuffix(name string, suffixes ...string) bool {
	return slices.ContainsFunc(suffixes, func(s string) bool { return strings.HasSuffix(name, s) })
}
