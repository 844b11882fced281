// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"path"
	"slices"
)

// subTree is the part of a tree below one of its directories.
type subTree struct {
	Tree
	top string
}

func (t subTree) List(dir string, want func(string) bool) ([]Item, error) {
	return t.Tree.List(path.Join(t.top, dir), want)
}

func (t subTree) Load(names []string) error {
	full := make([]string, len(names))
	for i, name := range names {
		full[i] = path.Join(t.top, name)
	}
	return t.Tree.Load(full)
}

func (t subTree) Read(dst []byte, name string) ([]byte, error) {
	return t.Tree.Read(dst, path.Join(t.top, name))
}

func (t subTree) Where(name string) string { return t.Tree.Where(path.Join(t.top, name)) }

// Below returns the part of a tree below one of its directories.
func Below(t Tree, dir string) Tree { return subTree{t, dir} }

// skipTop returns the tree below the one directory that an archive consists of,
// as Kleaf's kernel-headers.tar.gz has all below kernel-headers and a release
// below linux-6.1. A directory of the kernel's own is not such a one.
func skipTop(t *tarTree) Tree {
	names := t.dirs[""]
	if len(names) != 1 || slices.Contains([]string{"arch", "include", "scripts", "tools", "usr"}, names[0]) {
		return t
	}
	if e := t.entries[names[0]]; !e.dir {
		return t
	}
	below := t.dirs[names[0]]
	if !slices.Contains(below, "include") && !slices.Contains(below, "arch") {
		return t
	}
	return subTree{t, names[0]}
}
