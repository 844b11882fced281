// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"fmt"
	"path"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/archive/ustar"
	"github.com/rules-kheaders/rules_kheaders/internal/cli/pair"
)

// fileList is a tree of files from anywhere, for a build system that knows each
// file alone and not the directory: nothing else of theirs is seen.
type fileList struct {
	name  string              // of the list, for messages
	files map[string]string   // where each is, by its path in the kernel tree
	dirs  map[string][]string // the names in each directory, "" for the top
}

// OpenList reads a list of NAME=FILE words. Any white space is between two:
// what a build system writes into a response file has no line ends.
func OpenList(name string) (Tree, error) {
	p, err := ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("open list of files: %w", err)
	}
	l := &fileList{name: name, files: make(map[string]string), dirs: make(map[string][]string)}
	for _, word := range strings.Fields(string(p)) {
		if err := l.add(word); err != nil {
			return nil, fmt.Errorf("read list of files %s: %w", name, err)
		}
	}
	return l, nil
}

func (l *fileList) add(word string) error {
	a, err := ParseAddition(word)
	if err == nil {
		err = CheckName(a.Name)
	}
	if err != nil {
		return err
	}
	if other, ok := l.files[a.Name]; ok {
		return fmt.Errorf("add %s: it is given twice, as %s and as %s; leave one out", a.Name, other, a.File)
	}
	if l.dirs[a.Name] != nil {
		return fmt.Errorf("add %s: others are below it, as %s/%s", a.Name, a.Name, l.dirs[a.Name][0])
	}
	l.files[a.Name] = a.File
	for at := a.Name; at != ""; {
		above := path.Dir(at)
		if above == "." {
			above = ""
		}
		if file, ok := l.files[above]; ok {
			return fmt.Errorf("add %s: it is below a file, %s", a.Name, file)
		}
		seen := l.dirs[above] != nil
		l.dirs[above] = append(l.dirs[above], path.Base(at))
		if seen {
			break
		}
		at = above
	}
	return nil
}

func (l *fileList) List(dir string, want func(string) bool) ([]Item, error) {
	var items []Item
	for _, name := range l.dirs[dir] {
		if want(name) {
			_, file := l.files[path.Join(dir, name)]
			items = append(items, Item{name, !file})
		}
	}
	return items, nil
}

func (l *fileList) Load([]string) error { return nil }

func (l *fileList) Read(dst []byte, name string) ([]byte, error) {
	file, ok := l.files[name]
	if !ok {
		return nil, fmt.Errorf("read %s: the list has no such file", l.Where(name))
	}
	return AppendFile(dst, file)
}

func (l *fileList) Where(name string) string {
	if file, ok := l.files[name]; ok {
		return file
	}
	return l.name + "(" + name + ")"
}

// Addition is a file from outside the trees.
type Addition struct{ Name, File string }

// ParseAddition reads NAME=FILE.
func ParseAddition(s string) (Addition, error) {
	name, file, err := pair.Split(s)
	if err != nil {
		err = fmt.Errorf("read addition %w, such as include/vendor/abi.h=out/abi.h", err)
	}
	return Addition{name, file}, err
}

// CheckName fails for a name that could not be a member: one that leads out of
// the directory the archive is unpacked in, or that a manifest could not hold.
func CheckName(name string) error {
	if name == "" || path.IsAbs(name) || path.Clean(name) != name || name == "." || name == ".." || strings.HasPrefix(name, "../") {
		return fmt.Errorf("member name %q is not a plain path, expected one such as include/linux/kernel.h", name)
	}
	if strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r >= 0x7f || r == '\\' }) {
		return fmt.Errorf("member name %q holds a character that is not plain in every archive reader: a backslash, a control or a non-ASCII one", name)
	}
	if _, _, err := ustar.SplitName(name); err != nil {
		return err
	}
	return nil
}
