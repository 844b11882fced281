// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"path"
	"strings"
)

// Lookup reads a file of the tree by its path, from the tree that has it.
// ok is false if none has.
func Lookup(trees []Tree, name string) (p []byte, where string, ok bool, err error) {
	dir, base := path.Split(name)
	dir = strings.TrimSuffix(dir, "/")
	for _, t := range trees {
		if there, err := HasDir(t, dir); err != nil {
			return nil, "", false, err
		} else if !there {
			continue
		}
		items, err := t.List(dir, func(s string) bool { return s == base })
		if err != nil {
			return nil, "", false, err
		}
		if len(items) == 0 || items[0].Dir {
			continue
		}
		if err := t.Load([]string{name}); err != nil {
			return nil, "", false, err
		}
		p, err := t.Read(nil, name)
		return p, t.Where(name), err == nil, err
	}
	return nil, "", false, nil
}

// HasDir reports whether a tree has a directory.
func HasDir(t Tree, dir string) (bool, error) {
	if dir == "" {
		return true, nil
	}
	above, base := path.Split(dir)
	above = strings.TrimSuffix(above, "/")
	if there, err := HasDir(t, above); !there || err != nil {
		return false, err
	}
	items, err := t.List(above, func(name string) bool { return name == base })
	return len(items) == 1 && items[0].Dir, err
}
