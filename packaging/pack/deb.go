// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/md5"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"
)

// A file goes into a package.
type file struct {
	name    string // absolute, on the system
	mode    int64
	content []byte
}

// debian returns a Debian package (deb(5)): an ar archive of a version, a tar of
// what is said about the package, and a tar of its files. control has the fields
// but those that are known here, scripts the maintainer scripts by their names.
func debian(arch, version, control string, scripts map[string][]byte, files []file) ([]byte, error) {
	slices.SortFunc(files, func(a, b file) int { return strings.Compare(a.name, b.name) })
	size := 0
	var sums, conffiles strings.Builder
	for _, f := range files {
		size += len(f.content)/1024 + 1
		fmt.Fprintf(&sums, "%x  %s\n", md5.Sum(f.content), f.name[1:])
		if strings.HasPrefix(f.name, "/etc/") {
			fmt.Fprintln(&conffiles, f.name)
		}
	}
	about := []file{
		{"/control", 0o644, []byte(fmt.Sprintf("%sArchitecture: %s\nVersion: %s\nInstalled-Size: %d\n", control, arch, version, size))},
		{"/md5sums", 0o644, []byte(sums.String())},
	}
	if conffiles.Len() > 0 {
		about = append(about, file{"/conffiles", 0o644, []byte(conffiles.String())})
	}
	for name, content := range scripts {
		about = append(about, file{"/" + name, 0o755, content})
	}
	slices.SortFunc(about, func(a, b file) int { return strings.Compare(a.name, b.name) })
	aboutTar, err := tarball("./", about)
	if err != nil {
		return nil, err
	}
	filesTar, err := tarball("./", files)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	out.WriteString("!<arch>\n")
	for _, m := range []struct {
		name    string
		content []byte
	}{{"debian-binary", []byte("2.0\n")}, {"control.tar.gz", aboutTar}, {"data.tar.gz", filesTar}} {
		fmt.Fprintf(&out, "%-16s%-12d%-6d%-6d%-8o%-10d`\n", m.name, 0, 0, 0, 0o100644, len(m.content))
		out.Write(m.content)
		if len(m.content)%2 == 1 {
			out.WriteByte('\n')
		}
	}
	return out.Bytes(), nil
}

// tarball returns a gzipped tar of files, and of the directories that they are
// in, below prefix. Nothing in it differs from one build to another.
func tarball(prefix string, files []file) ([]byte, error) {
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	t := tar.NewWriter(z)
	made := map[string]bool{}
	var mkdir func(dir string) error
	mkdir = func(dir string) error {
		if made[dir] {
			return nil
		}
		made[dir] = true
		if dir != "/" {
			if err := mkdir(path.Dir(dir)); err != nil {
				return err
			}
		} else if prefix == "" {
			return nil
		}
		return t.WriteHeader(header(prefix+strings.TrimPrefix(dir+"/", "/"), tar.TypeDir, 0o755, 0))
	}
	for _, f := range files {
		if err := mkdir(path.Dir(f.name)); err != nil {
			return nil, err
		}
		if err := t.WriteHeader(header(prefix+f.name[1:], tar.TypeReg, f.mode, len(f.content))); err != nil {
			return nil, err
		}
		if _, err := t.Write(f.content); err != nil {
			return nil, err
		}
	}
	if err := t.Close(); err != nil {
		return nil, err
	}
	err = z.Close() // before the bytes are taken
	return out.Bytes(), err
}

// dated is when everything was made, as debian/changelog says: dpkg and lintian
// dislike the epoch, and a build's own time would make each another package.
var dated = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// header is that of a member owned by root.
func header(name string, kind byte, mode int64, size int) *tar.Header {
	return &tar.Header{
		Name: strings.ReplaceAll(name, "//", "/"), Typeflag: kind, Mode: mode, Size: int64(size),
		Uname: "root", Gname: "root", ModTime: dated, Format: tar.FormatUSTAR,
	}
}

// compressed returns a document as Debian wants it, as by gzip -9n.
func compressed(p []byte) ([]byte, error) {
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(z, bytes.NewReader(p)); err != nil {
		return nil, err
	}
	err = z.Close()
	return out.Bytes(), err
}
