// SPDX-License-Identifier: Apache-2.0

package kmodule

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// ErrShown is the error of a build whose message has been shown: a compiler's,
// to which there is nothing to add.
var ErrShown = errors.New("the compiler's message is above")

var (
	undefined = regexp.MustCompile(`"(.*)" \[(.*)\] undefined!`)
	modpost   = regexp.MustCompile(`^ERROR: modpost: (.*)`)
	noSource  = regexp.MustCompile(`No rule to make target '([^']*)\.o'`)
	object    = regexp.MustCompile(`\*\*\* \[[^]]*\.[os]\] Error`)
	makes     = regexp.MustCompile(`^make(\[\d+\])?: `)
	// scripts/Makefile.modfinal: what a build without base_btf chooses.
	noBTF = regexp.MustCompile(`^Skipping BTF generation for `)
	// The top Makefile's own words for what checkCompiler has said.
	compilers = regexp.MustCompile(`^(warning: the compiler differs from|  The kernel was built by: |  You are using: )`)
)

// explain shows what make's programs wrote, by the paths that the caller knows
// them by, and makes one error of make's failure and of what modpost could not
// resolve.
func (m Module) explain(out []byte, failed error) error {
	var lost, wrong []string
	var missing string
	compiling := false
	for line := range strings.Lines(m.outside(string(out))) {
		bare := strings.TrimSuffix(line, "\n")
		if u := undefined.FindStringSubmatch(line); u != nil && !m.Warn {
			lost = append(lost, fmt.Sprintf("%s in %s", u[1], filepath.Base(u[2])))
			continue
		}
		if p := modpost.FindStringSubmatch(bare); p != nil {
			wrong = append(wrong, p[1])
			continue
		}
		if n := noSource.FindStringSubmatch(line); n != nil {
			missing = n[1]
			continue
		}
		compiling = compiling || object.MatchString(line)
		if makes.MatchString(line) && (compiling || len(lost)+len(wrong) > 0 || missing != "") || compilers.MatchString(line) || noBTF.MatchString(line) {
			continue
		}
		if _, err := m.Log.Write([]byte(line)); err != nil {
			return err
		}
	}
	switch {
	case len(lost) > 0:
		return fmt.Errorf("link the module: undefined %s; no Module.symvers of the archive or of deps exports it", strings.Join(slices.Compact(lost), ", "))
	case failed != nil && len(wrong) > 0:
		return fmt.Errorf("link the module: %s", strings.Join(wrong, "; "))
	case failed != nil && missing != "":
		return fmt.Errorf("build %s.o: the Kbuild file names it, and there is no %s.c and no %s.S among the sources", missing, missing, missing)
	case failed != nil && compiling:
		return ErrShown
	}
	return failed
}

// outside replaces the paths of the scratch directory and of the tree by those
// that the caller gave.
func (m Module) outside(text string) string {
	for _, name := range m.longestFirst() {
		text = strings.ReplaceAll(text, filepath.Join(m.root, name), m.given[name])
	}
	text = strings.ReplaceAll(text, m.dir+"/", "")
	text = strings.ReplaceAll(text, m.root+"/", "")
	return strings.ReplaceAll(text, m.Tree+"/", m.tree+"/")
}

// longestFirst are the names of the sources, so that a.c is not taken for the
// beginning of a.cfg.
func (m Module) longestFirst() []string {
	var names []string
	for name := range m.given {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	return names
}
