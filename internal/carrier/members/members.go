// SPDX-License-Identifier: Apache-2.0

package members

import (
	"archive/tar"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/archive/container"
	"github.com/rules-kheaders/rules_kheaders/internal/archive/manifest"
	"github.com/rules-kheaders/rules_kheaders/internal/carrier"
	"github.com/rules-kheaders/rules_kheaders/internal/carrier/stamp"
	"github.com/rules-kheaders/rules_kheaders/internal/cli/infile"
	"github.com/rules-kheaders/rules_kheaders/internal/headers/tree"
)

// List returns the manifest of a file: one of our archives, any .tar.xz, a
// carrier of one, or a manifest itself. One of our archives is verified.
func List(file string) ([]manifest.Entry, error) {
	var entries []manifest.Entry
	p, err := readManifest(file)
	if p != nil {
		entries, err = manifest.Parse(file, p)
	}
	if err != nil {
		return nil, fmt.Errorf("list members: %w", err)
	}
	if p != nil {
		return entries, nil
	}
	archive, err := stamp.Find(file, carrier.Options{})
	if err != nil {
		return nil, err
	}
	defer archive.Close()
	if err = archive.Verify(); err == nil {
		var r io.Reader
		var size int64
		if r, size, err = archive.Tar(); err == nil {
			entries, err = listTar(r, size)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("list members of %s: %w", file, err)
	}
	return entries, nil
}

// readManifest returns the text of a manifest, which begins with a mode, or nil
// if the file is something else.
func readManifest(file string) ([]byte, error) {
	info, err := os.Stat(file) // opening a pipe would wait for a writer
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a file, expected an archive, a carrier or a manifest", file)
	}
	f, err := infile.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	head := make([]byte, 5)
	if n, err := f.ReadAt(head, 0); err != nil && err != io.EOF {
		return nil, err
	} else if n < len(head) || strings.Trim(string(head[:4]), "01234567") != "" || head[4] != ' ' {
		return nil, nil
	}
	return tree.ReadFile(file)
}

// maxMembers bounds the members of an archive by anyone that are listed.
const maxMembers = 1 << 18

// maxNames bounds their names, in bytes: those of a kernel's whole tree have 3 MiB.
const maxNames = 16 << 20

// limitReader returns an error instead of what is behind the first limit bytes.
type limitReader struct {
	r           io.Reader
	limit, read int64
}

func (l *limitReader) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	if l.read += int64(n); l.read > l.limit {
		return 0, fmt.Errorf("it decodes to more than the limit of %d bytes", l.limit)
	}
	return n, err
}

// listTar returns the entries of a tar archive of at most limit bytes, sparse
// files as they are read, without the marker. A hard link to a file
// before it is that file once more; other links and directories have no content
// and are passed over. Where several members have one name the last one counts, as
// when the archive is unpacked.
func listTar(r io.Reader, limit int64) ([]manifest.Entry, error) {
	r = &limitReader{r: r, limit: limit}
	holes, names := int64(0), 0
	entries := []manifest.Entry{} // [] in JSON, if there is none
	seen := make(map[string]int)  // indices of entries
	replaced := make(map[int]bool)
	tr := tar.NewReader(r)
	for members := 0; ; members++ {
		if members > maxMembers {
			return nil, fmt.Errorf("it has more than %d members", maxMembers)
		}
		h, err := tr.Next()
		if err == io.EOF {
			// The check of the last block is behind the end of the tar.
			if _, err := io.Copy(io.Discard, r); err != nil {
				return nil, err
			}
			return unreplaced(entries, replaced), nil
		}
		if err != nil {
			return nil, err
		}
		name := strings.TrimSuffix(strings.TrimPrefix(h.Name, "./"), "/")
		sparse := h.Typeflag == tar.TypeGNUSparse || h.PAXRecords["GNU.sparse.map"] != "" || h.PAXRecords["GNU.sparse.major"] != ""
		linked, link := seen[strings.TrimPrefix(h.Linkname, "./")]
		link = link && h.Typeflag == tar.TypeLink
		if old, twice := seen[name]; twice {
			if link && linked == old {
				continue
			}
			replaced[old] = true
			delete(seen, name)
		}
		if h.Typeflag != tar.TypeReg && !sparse && !link || name == container.MemberName {
			continue
		}
		// Others are listed, and shown escaped.
		if name == "" || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return nil, manifest.CheckName(name)
		}
		if names += len(name); names > maxNames {
			return nil, fmt.Errorf("its members' names have more than %d bytes", maxNames)
		}
		seen[name] = len(entries)
		if link {
			e := entries[linked]
			e.Name = name
			entries = append(entries, e)
			continue
		}
		// What is read of a hole is in no file that could bound it.
		if sparse && h.Size > tree.MaxFile {
			return nil, fmt.Errorf("member %q is a sparse file of %d bytes, expected at most %d: make the archive without --sparse", name, h.Size, tree.MaxFile)
		}
		if sparse {
			if holes += h.Size; holes > limit {
				return nil, fmt.Errorf("its sparse files have more than the limit of %d bytes: make the archive without --sparse", limit)
			}
		}
		digest := sha256.New()
		size, err := io.Copy(digest, tr)
		if err != nil {
			return nil, err
		}
		e := manifest.Entry{Mode: uint32(h.Mode & 0o7777), Size: size, Name: name}
		copy(e.SHA256[:], digest.Sum(nil))
		entries = append(entries, e)
	}
}

// unreplaced returns the entries that are not replaced by later ones.
func unreplaced(entries []manifest.Entry, replaced map[int]bool) []manifest.Entry {
	kept := entries[:0]
	for i, e := range entries {
		if !replaced[i] {
			kept = append(kept, e)
		}
	}
	return kept
}
