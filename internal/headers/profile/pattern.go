// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Pattern selects files by their path in the kernel tree. Within a component *,
// ? and [a-z] mean what they mean in a shell; ** as a component stands for any
// number of them, none included; {a,b} stands for a or b.
type Pattern struct {
	text string
	alts [][]component // one list for each choice of the braces
}

// CompilePattern reads a pattern. It is an error if no path in a tree can match:
// an absolute one, one with an empty component, "." or "..".
func CompilePattern(text string) (Pattern, error) {
	p := Pattern{text: text}
	choices, err := expandBraces(text)
	if err != nil {
		return Pattern{}, fmt.Errorf("read pattern %q: %w", text, err)
	}
	for _, choice := range choices {
		var alt []component
		for _, c := range strings.Split(choice, "/") {
			if c == "" || c == "." || c == ".." {
				return Pattern{}, fmt.Errorf("read pattern %q: component %q never matches, expected a path relative to the kernel tree such as include/linux/*.h", text, c)
			}
			if _, err := path.Match(c, ""); err != nil {
				return Pattern{}, fmt.Errorf("read pattern %q: component %q: %w", text, c, err)
			}
			alt = append(alt, newComponent(c))
		}
		p.alts = append(p.alts, alt)
	}
	return p, nil
}

// expandBraces returns what a pattern's {a,b} groups stand for.
func expandBraces(text string) ([]string, error) {
	open := strings.IndexByte(text, '{')
	if open < 0 {
		if strings.IndexByte(text, '}') >= 0 {
			return nil, fmt.Errorf("} without {")
		}
		return []string{text}, nil
	}
	n := strings.IndexAny(text[open+1:], "{}")
	if n < 0 || text[open+1+n] == '{' {
		return nil, fmt.Errorf("{ without }, or one within another")
	}
	group, rest := text[open+1:open+1+n], text[open+n+2:]
	tails, err := expandBraces(rest)
	if err != nil {
		return nil, err
	}
	const limit = 64
	var all []string
	for _, choice := range strings.Split(group, ",") {
		for _, tail := range tails {
			all = append(all, text[:open]+choice+tail)
		}
	}
	if len(all) > limit {
		return nil, fmt.Errorf("it stands for %d patterns, expected at most %d", len(all), limit)
	}
	return all, nil
}

// String returns the pattern as it was written.
func (p Pattern) String() string { return p.text }

// Names returns the files that a pattern without wildcards stands for, and nil
// for one with any.
func (p Pattern) Names() (names []string) {
	for _, alt := range p.alts {
		var name []string
		for _, c := range alt {
			if c.kind != literal {
				return nil
			}
			name = append(name, c.text)
		}
		names = append(names, strings.Join(name, "/"))
	}
	return names
}

// Match reports whether the pattern selects a file, given by the components of
// its path.
func (p Pattern) Match(name []string) bool {
	return slices.ContainsFunc(p.alts, func(pat []component) bool { return match(pat, name) })
}

// Below reports whether the pattern can select a file somewhere below a
// directory.
func (p Pattern) Below(dir []string) bool {
	return slices.ContainsFunc(p.alts, func(pat []component) bool { return below(pat, dir) })
}

func match(pat []component, name []string) bool {
	for len(pat) > 0 {
		if pat[0].kind == anyDepth {
			for i := range len(name) + 1 {
				if match(pat[1:], name[i:]) {
					return true
				}
			}
			return false
		}
		if len(name) == 0 || !pat[0].match(name[0]) {
			return false
		}
		pat, name = pat[1:], name[1:]
	}
	return len(name) == 0
}

func below(pat []component, dir []string) bool {
	for len(dir) > 0 {
		if len(pat) == 0 {
			return false
		}
		if pat[0].kind == anyDepth {
			return true
		}
		if !pat[0].match(dir[0]) {
			return false
		}
		pat, dir = pat[1:], dir[1:]
	}
	return len(pat) > 0
}

// component is what stands between two slashes of a pattern. Most are a name or
// *.suffix; every file of a tree meets every pattern, so these are told apart.
type component struct {
	kind kind
	text string
}

type kind byte

const (
	literal  kind = iota // text is the name
	suffix               // text is what follows a single leading *
	glob                 // text is for path.Match
	anyDepth             // **
)

func newComponent(c string) component {
	const special = `*?[\`
	switch {
	case c == "**":
		return component{anyDepth, c}
	case !strings.ContainsAny(c, special):
		return component{literal, c}
	case c[0] == '*' && !strings.ContainsAny(c[1:], special):
		return component{suffix, c[1:]}
	}
	return component{glob, c}
}

func (c component) match(name string) bool {
	switch c.kind {
	case literal:
		return name == c.text
	case suffix:
		return strings.HasSuffix(name, c.text)
	}
	ok, _ := path.Match(c.text, name) // CompilePattern has seen to the error
	return ok
}
