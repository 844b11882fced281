// SPDX-License-Identifier: Apache-2.0

// Package headertree makes the one tree that an archive is packed from, where a
// kernel was built elsewhere: of what a distribution installs of it, or of its
// source and configuration.
package headertree

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/atomicfile"
	"github.com/rules-kheaders/rules_kheaders/internal/kmake"
)

const (
	releaseFile = "include/config/kernel.release"
	utsFile     = "include/generated/utsrelease.h"
)

// Merge makes one tree of the directories that a distribution divides a
// kernel's headers into.
type Merge struct {
	// Files are the directories' files, "NAME=FILE", NAME as in a kernel's tree.
	// The first file of a name is taken.
	Files   []string
	Config  string // the kernel's .config
	Out     string // the tree, a tar
	Release string // what the kernel calls itself: one line
}

// Run writes Out and Release, or neither.
func (m Merge) Run() error {
	files, err := m.chosen()
	if err != nil {
		return err
	}
	options, err := kmake.ReadConfig(m.Config)
	if err != nil {
		return err
	}
	chooseModpost(files, options)
	release, err := utsRelease(files)
	if err != nil {
		return err
	}
	var all []member
	for name, file := range files {
		all = append(all, member{name: name, file: file})
	}
	// Debian leaves the version of the source there; modules, and uname -r, have UTS_RELEASE.
	all = slices.DeleteFunc(all, func(m member) bool { return m.name == releaseFile })
	all = append(all, member{name: releaseFile, text: release + "\n"})
	return atomicfile.Write(m.Release, 0o644, func(f *os.File) error {
		if _, err := f.WriteString(release + "\n"); err != nil {
			return err
		}
		return writeTar(m.Out, all)
	})
}

// chosen returns the file of each name.
func (m Merge) chosen() (map[string]string, error) {
	files := make(map[string]string)
	for _, word := range m.Files {
		name, file, ok := strings.Cut(word, "=")
		if !ok || !filepath.IsLocal(name) {
			return nil, fmt.Errorf("file %q: expected NAME=FILE, NAME as in a kernel's tree", word)
		}
		if _, ok := files[name]; ok {
			continue
		}
		if wrapper, err := isWrapper(name, file); wrapper || err != nil {
			if err != nil {
				return nil, err
			}
			continue
		}
		files[name] = file
	}
	return files, nil
}

// isWrapper says whether a file is a top Makefile that only leads to another
// one, by the absolute path where that is installed.
func isWrapper(name, file string) (bool, error) {
	if name != "Makefile" {
		return false, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return false, err
	}
	return bytes.HasPrefix(text, []byte("include /")) && bytes.Count(bytes.TrimSpace(text), []byte("\n")) == 0, nil
}

// chooseModpost replaces Debian's modpost, which runs one of several beside it,
// named for the byte order and word size of the kernel (debian/rules.d/scripts/
// mod/modpost.c of its package linux).
func chooseModpost(files map[string]string, options map[string]string) {
	order, size := "lsb", "32"
	if options["CONFIG_CPU_BIG_ENDIAN"] == "y" {
		order = "msb"
	}
	if options["CONFIG_64BIT"] == "y" {
		size = "64"
	}
	const modpost = "scripts/mod/modpost"
	if own, ok := files[modpost+".real-"+order+"-"+size]; ok {
		files[modpost] = own
	}
}

var utsLine = regexp.MustCompile(`(?m)^#define UTS_RELEASE "(.*)"$`)

// utsRelease is the release that modules are built for.
func utsRelease(files map[string]string) (string, error) {
	file, ok := files[utsFile]
	if !ok {
		return "", fmt.Errorf("find the kernel's release: no %s among %d files; expected the files of a configured kernel, named as in its tree", utsFile, len(files))
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	found := utsLine.FindSubmatch(text)
	if found == nil {
		return "", errors.New("read " + file + ": it has no line such as #define UTS_RELEASE \"6.1.0\"")
	}
	return string(found[1]), nil
}
