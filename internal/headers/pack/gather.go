// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/archive/ustar"
	"github.com/rules-kheaders/rules_kheaders/internal/headers/profile"
	"github.com/rules-kheaders/rules_kheaders/internal/headers/tree"
)

// Gather collects a kernel's files from the places where somebody else's build
// left them, as one tree that Pack takes: the source, the objects' directory,
// tars of either. What has the same name in several is taken from the first.
type Gather struct {
	Arch  string   // as profile.SourceArch takes it
	Trees []string // directories and tar archives
	// Roots are directories of Trees that hold the kernel's files, where Trees
	// hold something else too: a distribution divides them into several, which
	// lead to one another. None for the trees themselves.
	Roots   []string
	Lists   []string // files that list files of a tree, NAME=FILE
	Release string   // a file that says what the kernel's release is; "" for what modules are built with, UTS_RELEASE
	Take    []string // names of further files, wherever they are in a tree
	// AllowSeed permits a kernel with RANDSTRUCT, and its seed among the files.
	AllowSeed bool
}

// Gathered is what Gather found.
type Gathered struct {
	members []ustar.Member
	taken   map[string][]byte
	inputs  []string
}

// Taken returns a file that was to be taken.
func (g *Gathered) Taken(name string) []byte { return g.taken[name] }

// Inputs are the files that were read; one in a tar is called TAR(NAME).
func (g *Gathered) Inputs() []string { return g.inputs }

// AppendTar appends the files as a tar archive.
func (g *Gathered) AppendTar(dst []byte) ([]byte, error) {
	for _, m := range g.members {
		var err error
		if dst, err = m.AppendTo(dst, 0); err != nil {
			return nil, err
		}
	}
	return append(dst, make([]byte, 2*ustar.BlockSize)...), nil
}

// Run reads the files.
func (o Gather) Run() (*Gathered, error) {
	arch, err := profile.SourceArch(o.Arch)
	if err != nil {
		return nil, err
	}
	var trees []tree.Tree
	for _, name := range o.Trees {
		t, err := tree.Open(name)
		if err != nil {
			return nil, err
		}
		trees = append(trees, t)
	}
	if trees, err = o.roots(trees); err != nil {
		return nil, err
	}
	for _, name := range o.Lists {
		t, err := tree.OpenList(name)
		if err != nil {
			return nil, err
		}
		trees = append(trees, t)
	}
	if len(trees) == 0 {
		return nil, errors.New("no tree was given, expected the kernel's source and what its build generated")
	}
	if trees, err = toolTrees(trees, arch, nil); err != nil {
		return nil, err
	}
	g := gathering{archs: []string{"arch/" + arch}, take: o.Take, from: map[string]int{}}
	if arch == "um" {
		g.archs = append(g.archs, "arch/x86") // the machine that it runs on: arch/um/Makefile, HOST_DIR
	}
	if g.guard, err = newGuard(trees, "", nil, o.AllowSeed); err != nil {
		return nil, err
	}
	for i, t := range trees {
		if err := g.walk(i, t, ""); err != nil {
			return nil, err
		}
	}
	if err := g.sameConfig(trees); err != nil {
		return nil, err
	}
	out, err := g.read(trees)
	if err != nil {
		return nil, err
	}
	if len(out.members) == 0 {
		return nil, fmt.Errorf("gather files: none of %s has a file such as include/linux/kernel.h or arch/%s/Makefile; expected the top of a kernel's tree, or --root for where it is", strings.Join(slices.Concat(o.Trees, o.Lists), ", "), arch)
	}
	if err := out.setRelease(o.Release); err != nil {
		return nil, err
	}
	slices.SortFunc(out.members, func(a, b ustar.Member) int { return strings.Compare(a.Name, b.Name) })
	for _, name := range o.Take {
		if m := out.find(name); m != nil {
			out.taken[name] = m.Content
		} else if _, ok := out.taken[name]; !ok {
			return nil, fmt.Errorf("take %s: it is in none of %s", name, strings.Join(slices.Concat(o.Trees, o.Lists), ", "))
		}
	}
	return out, nil
}

// roots returns what is below each root, in the order of the roots.
func (o Gather) roots(trees []tree.Tree) ([]tree.Tree, error) {
	if len(o.Roots) == 0 {
		return trees, nil
	}
	var below []tree.Tree
	for _, given := range o.Roots {
		root := strings.Trim(path.Clean(given), "/") // as in a tar, from its top
		if root == "." {
			below = append(below, trees...)
			continue
		}
		before := len(below)
		for _, t := range trees {
			if root == "" {
				break // of / nothing is taken
			}
			there, err := tree.HasDir(t, root)
			if err != nil {
				return nil, err
			}
			if there {
				below = append(below, tree.Below(t, root))
			}
		}
		if len(below) == before {
			return nil, fmt.Errorf("root %s: no such directory in %s; expected one such as usr/src/linux-headers-6.1.0-50-amd64", given, strings.Join(o.Trees, ", "))
		}
	}
	return below, nil
}

// gathering is one run.
type gathering struct {
	archs []string // directories of architectures
	take  []string
	guard guard
	from  map[string]int // the tree that a file is taken from, by name
	twin  []int          // the trees that have tree.AutoConfHeader
}

// tree.AutoConfHeader tells two configurations apart, as no other file does.

// roots are what an archive, of whatever profile, can be made of, beside the
// architecture's own.
var roots = []string{
	"COPYING",
	"Kbuild",
	"LICENSES",
	"Makefile",
	"include",
	"scripts",
	"tools/bpf/resolve_btfids/resolve_btfids",
	"tools/docs/kernel-doc",
	"tools/include/tools",
	"tools/lib/python",
	"tools/objtool/objtool",
	"usr/include",
}

// above reports whether a directory leads to a file that is wanted.
func (g *gathering) above(dir string) bool {
	if dir == "scripts/dtc" {
		return false // its include-prefixes are links to the trees of all architectures
	}
	leads := func(root string) bool {
		return dir == root || strings.HasPrefix(root, dir+"/") || strings.HasPrefix(dir, root+"/")
	}
	return slices.ContainsFunc(g.archs, leads) || slices.ContainsFunc(roots, leads) || slices.ContainsFunc(g.take, func(name string) bool {
		return strings.HasPrefix(name, dir+"/")
	})
}

// belowArch returns the part of a name below an architecture's directory.
func (g *gathering) belowArch(name string) (below string, ok bool) {
	for _, arch := range g.archs {
		if below, ok = strings.CutPrefix(name, arch+"/"); ok {
			return below, true
		}
	}
	return "", false
}

// wants reports whether a file is wanted.
func (g *gathering) wants(name string) bool {
	base := path.Base(name)
	if _, never := profile.Never(name, g.guard.allowSeed); strings.HasPrefix(base, ".") || never {
		return false
	}
	if below, ok := g.belowArch(name); ok {
		return strings.Contains("/"+below, "/include/") || hasPrefix(base, "Makefile", "Kbuild", "Platform") ||
			slices.Contains([]string{".h", ".lds", ".o", ".sh"}, path.Ext(base))
	}
	if strings.HasPrefix(name, "scripts/") {
		return !slices.Contains([]string{".o", ".a", ".d"}, path.Ext(base))
	}
	return slices.ContainsFunc(roots, func(root string) bool {
		return name == root || strings.HasPrefix(name, root+"/")
	})
}

func hasPrefix(s string, prefixes ...string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(s, p) })
}

func (g *gathering) walk(i int, t tree.Tree, dir string) error {
	items, err := t.List(dir, func(base string) bool {
		name := path.Join(dir, base)
		return g.above(name) || g.wants(name) || slices.Contains(g.take, name)
	})
	if err != nil {
		return err
	}
	for _, it := range items {
		name := path.Join(dir, it.Name)
		if it.Dir {
			if g.above(name) {
				if err := g.walk(i, t, name); err != nil {
					return err
				}
			}
			continue
		}
		if !g.wants(name) && !slices.Contains(g.take, name) {
			continue
		}
		if name == "Makefile" {
			wrapper, err := isWrapper(t, name)
			if err != nil {
				return err
			}
			if wrapper {
				continue
			}
		}
		if name == tree.AutoConfHeader {
			g.twin = append(g.twin, i)
		}
		if err := tree.CheckName(name); err != nil && g.wants(name) {
			return fmt.Errorf("add %q: %w", t.Where(name), err)
		}
		if _, ok := g.from[name]; !ok {
			g.from[name] = i
		}
	}
	return nil
}

// sameConfig fails if the trees were configured in different ways.
func (g *gathering) sameConfig(trees []tree.Tree) error {
	var first []byte
	for n, i := range g.twin {
		t := trees[i]
		if err := t.Load([]string{tree.AutoConfHeader}); err != nil {
			return err
		}
		p, err := t.Read(nil, tree.AutoConfHeader)
		if err != nil {
			return err
		}
		if n == 0 {
			first = p
		} else if !bytes.Equal(p, first) {
			return fmt.Errorf("configs disagree: %s and %s differ; they are of different builds, leave one out", trees[g.twin[0]].Where(tree.AutoConfHeader), t.Where(tree.AutoConfHeader))
		}
	}
	return nil
}

func (g *gathering) read(trees []tree.Tree) (*Gathered, error) {
	names := make([][]string, len(trees))
	for name, i := range g.from {
		names[i] = append(names[i], name)
	}
	out := &Gathered{taken: map[string][]byte{}}
	var sources []source
	found := map[string]source{}
	n := normaliser{guard: g.guard}
	for i, t := range trees {
		if err := t.Load(names[i]); err != nil {
			return nil, err
		}
		for _, name := range names[i] {
			p, err := t.Read(nil, name)
			if err != nil {
				return nil, err
			}
			out.inputs = append(out.inputs, t.Where(name))
			if slices.Contains(g.take, name) {
				// A key that is asked for by name is given; it is in no archive.
				if !g.guard.allowSeed && g.guard.seeds.In(p) {
					return nil, fmt.Errorf("take %s: %w", t.Where(name), g.guard.check(p))
				}
				out.taken[name] = p
			}
			// Kconfig's own copy of the configuration, one empty file an option, is fixdep's business.
			if !g.wants(name) || len(p) == 0 && strings.HasPrefix(name, "include/config/") {
				continue
			}
			f := source{name, t.Where(name), func(dst []byte) ([]byte, error) { return append(dst, p...), nil }}
			m, err := n.normalise(f, Keep)
			if err != nil {
				return nil, fmt.Errorf("add %s: %w", t.Where(name), err)
			}
			out.members = append(out.members, m)
			f.read = nil // and what it holds
			found[name] = f
			sources = append(sources, f)
		}
	}
	slices.SortFunc(sources, func(a, b source) int { return strings.Compare(a.name, b.name) })
	return out, checkDirectories(sources, found)
}

func (g *Gathered) find(name string) *ustar.Member {
	if i := slices.IndexFunc(g.members, func(m ustar.Member) bool { return m.Name == name }); i >= 0 {
		return &g.members[i]
	}
	return nil
}

// setRelease makes the tree's files say what the kernel does: the objects'
// directory of `make modules_prepare` may have been left before the release got
// its last part, and Debian leaves the version of the source in kernel.release.
func (g *Gathered) setRelease(file string) error {
	uts := g.find(tree.UTSFile)
	var release string
	if file != "" {
		p, err := tree.ReadFile(file)
		if err != nil {
			return fmt.Errorf("read kernel release: %w", err)
		}
		release = strings.TrimSpace(string(p))
	} else {
		if uts == nil {
			return nil
		}
		found := utsRelease.FindSubmatch(uts.Content)
		if found == nil {
			return nil
		}
		file, release = tree.UTSFile, string(found[1])
	}
	if err := checkRelease(release); err != nil {
		return fmt.Errorf("read kernel release from %s: %w", file, err)
	}
	if uts != nil {
		uts.Content = fmt.Appendf(nil, "#define UTS_RELEASE %q\n", release)
	}
	if m := g.find(tree.ReleaseFile); m != nil {
		m.Content = []byte(release + "\n")
	} else {
		g.members = append(g.members, ustar.Member{Name: tree.ReleaseFile, Mode: 0o644, Content: []byte(release + "\n")})
	}
	return nil
}
