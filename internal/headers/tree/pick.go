// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// Pick returns one file of a tar for each end of a name, such as
// /include/config/kernel.release: what Kleaf packs into a kernel's
// NAME_filegroup_decl.tar.gz has the paths of the build that made it.
func Pick(file string, ends []string) ([][]byte, error) {
	t, err := openTarTree(file, func() (io.ReadSeekCloser, error) { return os.Open(file) })
	if err != nil {
		return nil, err
	}
	found := make([][]string, len(ends))
	var all []string
	for name, e := range t.entries {
		if e.dir {
			continue
		}
		for i, end := range ends {
			if strings.HasSuffix("/"+name, end) {
				found[i] = append(found[i], name)
				all = append(all, name)
			}
		}
	}
	if err := t.Load(all); err != nil {
		return nil, err
	}
	picked := make([][]byte, len(ends))
	for i, names := range found {
		slices.Sort(names)
		if picked[i], err = t.pick(names); err != nil {
			return nil, fmt.Errorf("pick *%s from %s: %w", ends[i], file, err)
		}
	}
	return picked, nil
}

// pick returns the content that files of these names have in common.
func (t *tarTree) pick(names []string) ([]byte, error) {
	if len(names) == 0 {
		return nil, errors.New("it has no such file; expected NAME_filegroup_decl.tar.gz of Kleaf's kernel NAME")
	}
	first, err := t.Read(nil, names[0])
	if err != nil {
		return nil, err
	}
	for _, name := range names[1:] {
		p, err := t.Read(nil, name)
		if err != nil {
			return nil, err
		}
		if !bytes.Equal(p, first) {
			return nil, fmt.Errorf("%s and %s differ; expected one such file", names[0], name)
		}
	}
	return first, nil
}
