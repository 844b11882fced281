// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"fmt"
	"path"
	"strings"
)

// fileList is a tree of files from anywhere, for a build system that knows each
// file alone and not the directory: nothing else of theirs is seen.
type fileList struct {
	name  string              // of the list, for messages
	files map[string]string   // where each is, by its path in the kernel tree
	dirs  map[string][]string // the names in each directory, "" for the top
}

// openFileList reads a list of NAME=FILE words. Any white space is between two:
// what a build system writes into a response file has no line ends.
func openFileList(name string) (*fileList, error) {
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
		err = checkName(a.Name)
	}
	if err != nil {
		return err
	}
	if other, ok := l.files[a.Name]; ok {
		return fmt.Errorf("add %s: it is there twice, as %s and as %s; leave one out", a.Name, other, a.File)
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

func (l *fileList) list(dir string, want func(string) bool) ([]item, error) {
	var items []item
	for _, name := range l.dirs[dir] {
		if want(name) {
			_, file := l.files[path.Join(dir, name)]
			items = append(items, item{name, !file})
		}
	}
	return items, nil
}

func (l *fileList) load([]string) error { return nil }

func (l *fileList) read(dst []byte, name string) ([]byte, error) {
	file, ok := l.files[name]
	if !ok {
		return nil, fmt.Errorf("read %s: the list has no such file", l.where(name))
	}
	return appendFile(dst, file)
}

func (l *fileList) where(name string) string {
	if file, ok := l.files[name]; ok {
		return file
	}
	return l.name + "(" + name + ")"
}
