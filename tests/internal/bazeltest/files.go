// SPDX-License-Identifier: Apache-2.0

package bazeltest

import (
	"flag"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/cli"
)

// Files are those flags of a program that name files among its runfiles. All of
// them must be given: the program's target does.
type Files struct {
	names []string
	paths []*string
}

// Var declares the flag of a file, whose path goes to p.
func (f *Files) Var(fs *flag.FlagSet, p *string, name, usage string) {
	fs.StringVar(p, name, "", usage)
	f.names, f.paths = append(f.names, name), append(f.paths, p)
}

// Parse parses arguments, and makes the paths of the files absolute. It returns the
// arguments behind the flags.
func (f *Files) Parse(fs *flag.FlagSet, args []string) ([]string, error) {
	rest, err := cli.Parse(fs, args)
	if err != nil {
		return nil, err
	}
	if err := cli.Require(fs, f.names...); err != nil {
		return nil, err
	}
	for _, p := range f.paths {
		if *p, err = filepath.Abs(*p); err != nil {
			return nil, err
		}
	}
	return rest, nil
}

// Root is the directory that has a file at a path, as a debian_root_repository
// names its directory by a link.
func Root(file, path string) (string, error) {
	file, err := filepath.EvalSymlinks(file)
	if err != nil {
		return "", err
	}
	root, ok := strings.CutSuffix(file, path)
	if !ok {
		return "", fmt.Errorf("find the root of %s: expected the file %s of one", file, path)
	}
	return root, nil
}

// Alternatives are programs that Debian's packages of a root make by
// alternatives(7), for which their scripts would have to be run: links in usr/bin.
var Alternatives = map[string]string{"awk": "gawk", "cc": "gcc-12", "which": "which.debianutils"}
