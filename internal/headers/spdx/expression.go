// SPDX-License-Identifier: Apache-2.0

// Package spdx reads the licence lines of kernel files and writes an SPDX document
// of an archive of them, https://spdx.github.io/spdx-spec/v2.3.
package spdx

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// line is a file's licence line, as the kernel's Documentation/process/license-rules
// has it: in a comment of the file's language.
var line = regexp.MustCompile(`^[^\w\n]*(?:dnl |rem )?SPDX-License-Identifier:[ \t]*([^\n]*)$`)

var tag = []byte("SPDX-License-Identifier:")

// licenceLines returns what p's licence lines say.
func licenceLines(p []byte) (all []string) {
	for {
		i := bytes.Index(p, tag)
		if i < 0 {
			return all
		}
		start, end := bytes.LastIndexByte(p[:i], '\n')+1, len(p)
		if n := bytes.IndexByte(p[i:], '\n'); n >= 0 {
			end = i + n
		}
		if m := line.FindSubmatch(p[start:end]); m != nil {
			all = append(all, string(m[1]))
		}
		p = p[end:]
	}
}

// Expression is what a file says of its licence.
type Expression struct {
	Text string   // in SPDX's own form; "" if the file does not say
	IDs  []string // the licences and exceptions it names, sorted
}

// Read returns the licence of a file: of several lines all hold. One that is no
// expression is an error.
func Read(p []byte) (Expression, error) {
	if bytes.IndexByte(p[:min(len(p), 1024)], 0) >= 0 {
		return Expression{}, nil
	}
	var all []Expression
	for _, text := range licenceLines(p) {
		e, err := Parse(uncomment(text))
		if err != nil {
			return Expression{}, err
		}
		if !slices.ContainsFunc(all, func(other Expression) bool { return other.Text == e.Text }) {
			all = append(all, e)
		}
	}
	if len(all) == 0 {
		return Expression{}, nil
	}
	if len(all) == 1 {
		return all[0], nil
	}
	texts := make([]string, len(all))
	for i, e := range all {
		texts[i] = "(" + e.Text + ")"
	}
	return Parse(strings.Join(texts, " AND "))
}

// uncomment removes what ends a comment, or a string that a licence is in.
func uncomment(text string) string {
	for {
		before := text
		text = strings.TrimSpace(text)
		for _, end := range []string{"*/", "-->", "-", "#}", `"`, "'", ";", `\n`, `\`, "*"} {
			text = strings.TrimSuffix(text, end)
		}
		if text == before {
			return text
		}
	}
}

func sorted(ids []string) []string {
	slices.Sort(ids)
	return slices.Compact(ids)
}

// word is a licence or an exception: SPDX 2.3, annex D.
var word = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.-]*\+?$`)

// Parse reads an expression. The kernel's own checker, scripts/spdxcheck.py,
// accepts operators in lower case too; the result has them in upper case.
func Parse(text string) (Expression, error) {
	p := parser{words: strings.Fields(strings.NewReplacer("(", " ( ", ")", " ) ").Replace(text))}
	out, ok := p.or()
	if !ok || len(p.words) > 0 {
		return Expression{}, fmt.Errorf("read licence %q: expected an SPDX expression such as GPL-2.0 WITH Linux-syscall-note", text)
	}
	return Expression{out.text, sorted(p.ids)}, nil
}

// parser reads an expression from left to right.
type parser struct {
	words []string
	ids   []string
	depth int
}

func (p *parser) next(operator string) bool {
	if len(p.words) == 0 || !strings.EqualFold(p.words[0], operator) {
		return false
	}
	p.words = p.words[1:]
	return true
}

// part is an expression and whether an OR is its outermost operator. Parentheses are
// kept where they change the meaning: round such a part that an AND joins.
type part struct {
	text string
	or   bool
}

// or reads what OR joins; AND binds more closely, and WITH most.
func (p *parser) or() (part, bool) {
	all, ok := p.joined("OR", p.and)
	return part{join(all, " OR "), len(all) > 1 || ok && all[0].or}, ok
}

func (p *parser) and() (part, bool) {
	all, ok := p.joined("AND", p.simple)
	if !ok {
		return part{}, false
	}
	if len(all) == 1 {
		return all[0], true
	}
	for i, a := range all {
		if a.or {
			all[i].text = "(" + a.text + ")"
		}
	}
	return part{join(all, " AND "), false}, true
}

func (p *parser) joined(operator string, read func() (part, bool)) (all []part, ok bool) {
	for {
		next, ok := read()
		if !ok {
			return nil, false
		}
		if all = append(all, next); !p.next(operator) {
			return all, true
		}
	}
}

func join(all []part, operator string) string {
	texts := make([]string, len(all))
	for i, a := range all {
		texts[i] = a.text
	}
	return strings.Join(texts, operator)
}

func (p *parser) simple() (part, bool) {
	const maxDepth = 50
	if p.next("(") {
		if p.depth++; p.depth > maxDepth {
			return part{}, false
		}
		inner, ok := p.or()
		p.depth--
		return inner, ok && p.next(")")
	}
	text, ok := p.id()
	if ok && p.next("WITH") {
		var exception string
		if exception, ok = p.id(); ok {
			text += " WITH " + exception
		}
	}
	return part{text: text}, ok
}

func (p *parser) id() (string, bool) {
	if len(p.words) == 0 {
		return "", false
	}
	id := p.words[0]
	if !word.MatchString(id) || slices.ContainsFunc([]string{"AND", "OR", "WITH"}, func(o string) bool { return strings.EqualFold(o, id) }) {
		return "", false
	}
	p.words = p.words[1:]
	p.ids = append(p.ids, id)
	return id, true
}
