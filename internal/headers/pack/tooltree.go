// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"path"
	"slices"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/headers/tree"
)

// toolTree is a tree whose host tools work on their own: one that is a wrapper,
// which runs one of several programs beside it, is the program that it would run.
// Debian's linux-kbuild has TOOL.real-SRCARCH and TOOL.real-{lsb,msb}-{32,64}, for
// the kernel that modules are built for (debian/rules.d/scripts/mod/modpost.c and
// tools/objtool/objtool.c of its package linux).
type toolTree struct {
	tree.Tree
	kinds []string          // the ends of the names of the programs to run, SRCARCH first
	real  map[string]string // the program that each wrapper runs, by the wrapper's name
}

// realName joins a wrapper's name and the kind of a program.
const realName = ".real-"

// newToolTree returns the tree for a kernel of an architecture, as it is in arch/,
// and of a configuration.
func newToolTree(t tree.Tree, arch string, conf config) toolTree {
	order, size := "lsb", "32"
	if conf.enabled("CONFIG_CPU_BIG_ENDIAN") {
		order = "msb"
	}
	if conf.enabled("CONFIG_64BIT") {
		size = "64"
	}
	return toolTree{t, []string{arch, order + "-" + size}, make(map[string]string)}
}

// toolTrees returns the trees with host tools that work on their own. conf is nil
// for the trees' own configuration.
func toolTrees(trees []tree.Tree, arch string, conf config) ([]tree.Tree, error) {
	if conf == nil {
		p, where, ok, err := tree.Lookup(trees, tree.AutoConf)
		if err != nil {
			return nil, err
		}
		if ok {
			if conf, err = parseConfig(where, p); err != nil {
				return nil, err
			}
		}
	}
	own := make([]tree.Tree, len(trees))
	for i, t := range trees {
		own[i] = newToolTree(t, arch, conf)
	}
	return own, nil
}

// list leaves out the programs beside a wrapper, and a wrapper that has none to
// run for this kernel, as Debian's objtool on arm64.
func (t toolTree) List(dir string, want func(string) bool) ([]tree.Item, error) {
	if top, _, _ := strings.Cut(dir, "/"); top != "scripts" && top != "tools" {
		return t.Tree.List(dir, want)
	}
	items, err := t.Tree.List(dir, func(name string) bool { return want(name) || strings.Contains(name, realName) })
	if err != nil {
		return nil, err
	}
	kinds := make(map[string][]string) // of the programs beside each name
	for _, it := range items {
		if tool, kind, ok := strings.Cut(it.Name, realName); ok && !it.Dir {
			kinds[tool] = append(kinds[tool], kind)
		}
	}
	return slices.DeleteFunc(items, func(it tree.Item) bool {
		if strings.Contains(it.Name, realName) {
			return true
		}
		there := kinds[it.Name]
		if there == nil || it.Dir {
			return false
		}
		i := slices.IndexFunc(t.kinds, func(kind string) bool { return slices.Contains(there, kind) })
		if i < 0 {
			return true
		}
		name := path.Join(dir, it.Name)
		t.real[name] = name + realName + t.kinds[i]
		return false
	}), nil
}

// program returns the name that a file is read by.
func (t toolTree) program(name string) string {
	if real, ok := t.real[name]; ok {
		return real
	}
	return name
}

func (t toolTree) Load(names []string) error {
	programs := make([]string, len(names))
	for i, name := range names {
		programs[i] = t.program(name)
	}
	return t.Tree.Load(programs)
}

func (t toolTree) Read(dst []byte, name string) ([]byte, error) {
	return t.Tree.Read(dst, t.program(name))
}

func (t toolTree) Where(name string) string { return t.Tree.Where(t.program(name)) }
