// SPDX-License-Identifier: Apache-2.0

package kbuild

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/cli/atomicfile"
)

func sorted(s []string) []string {
	slices.Sort(s)
	return s
}

// writeTar writes the files and directories named, relative to dir, with the
// names prefix+name. Links are followed. The result depends on contents and run
// bits alone, and not on the scratch directory that commands of Kbuild's name.
func writeTar(w *tar.Writer, p tarPart) error {
	for _, name := range sorted(p.names) {
		if err := writeMember(w, p, name); err != nil {
			return err
		}
	}
	return nil
}

func writeMember(w *tar.Writer, p tarPart, name string) error {
	path := filepath.Join(p.dir, name)
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	header := &tar.Header{Name: p.prefix + filepath.ToSlash(name), Size: info.Size(), Mode: 0o644, Typeflag: tar.TypeReg, Format: tar.FormatUSTAR}
	if info.Mode()&0o100 != 0 {
		header.Mode = 0o755
	}
	var content io.Reader = strings.NewReader("")
	switch {
	case info.IsDir():
		header.Name, header.Size, header.Typeflag = header.Name+"/", 0, tar.TypeDir
	case p.scratch != "" && isCommand(name):
		command, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		command = freePaths(p.scratch, command)
		header.Size, content = int64(len(command)), bytes.NewReader(command)
	default:
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		content = f
	}
	err = w.WriteHeader(header)
	if err == nil {
		_, err = io.Copy(w, content)
	}
	if err != nil {
		return fmt.Errorf("archive %s: %w", path, err)
	}
	return nil
}

// files lists the regular files, and the links to such, below the roots of dir
// that keep accepts. A root that does not exist has none.
func files(dir string, roots []string, keep func(name string) bool) ([]string, error) {
	var names []string
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
			if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
				return nil // a dangling link, or a link to a directory
			}
			names = append(names, rel)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return slices.Compact(sorted(names)), nil
}

// A tarPart is files of one directory that go into a tar.
type tarPart struct {
	dir, prefix string
	names       []string
	scratch     string // for freePaths; "" where nothing goes on with what is in the tar
}

// writeTarFile makes the tar out of its parts.
func writeTarFile(out string, parts ...tarPart) error {
	return atomicfile.Write(out, 0o644, func(f *os.File) error {
		w := tar.NewWriter(f)
		for _, p := range parts {
			if err := writeTar(w, p); err != nil {
				return err
			}
		}
		return w.Close()
	})
}

func hasAnySuffix(name string, suffixes ...string) bool {
	return slices.ContainsFunc(suffixes, func(s string) bool { return strings.HasSuffix(name, s) })
}
