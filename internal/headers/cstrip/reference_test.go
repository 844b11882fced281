// SPDX-License-Identifier: Apache-2.0

package cstrip

import (
	"slices"
	"strings"
	"testing"
)

// token is what the preprocessor sees: its spelling after phase 2, whether
// white space comes before it, whether it begins a logical line, and the
// physical line it begins on.
type token struct {
	text         string
	space, first bool
	line         int
}

// reference is a lexer written for clearness, one translation phase after the
// other: it splices all lines first and looks at characters afterwards. ok is
// false for a comment that never ends.
type reference struct {
	text  []byte
	lines []int // the physical line of each byte of text
	toks  []token
}

func lex(src []byte) (toks []token, ok bool) {
	r := &reference{}
	line := 1
	for i := 0; i < len(src); i++ {
		if src[i] == '\\' {
			j := i + 1
			for j < len(src) && strings.IndexByte(" \t\v\f\r", src[j]) >= 0 {
				j++
			}
			if j < len(src) && src[j] == '\n' {
				line++
				i = j
				continue
			}
		}
		r.text, r.lines = append(r.text, src[i]), append(r.lines, line)
		if src[i] == '\n' {
			line++
		}
	}
	space, first := false, true
	s := string(r.text)
	for i := 0; i < len(s); {
		n := 1
		switch c := s[i]; {
		case c == '\n':
			space, first = false, true
			i++
			continue
		case strings.IndexByte(" \t\v\f\r", c) >= 0:
			space = true
			i++
			continue
		case strings.HasPrefix(s[i:], "/*"):
			end := strings.Index(s[i+2:], "*/")
			if end < 0 {
				return r.toks, false
			}
			space = true
			i += 2 + end + 2
			continue
		case strings.HasPrefix(s[i:], "//"):
			for i < len(s) && s[i] != '\n' {
				i++
			}
			continue
		case c == '"' || c == '\'':
			n = r.quoted(s[i:])
		case c == '<' && r.afterInclude():
			if end := strings.IndexAny(s[i:], ">\n"); end > 0 && s[i+end] == '>' {
				n = end + 1
			}
		case isIdent(c):
			for i+n < len(s) && isIdent(s[i+n]) {
				n++
			}
		}
		r.toks = append(r.toks, token{s[i : i+n], space && !first, first, r.lines[i]})
		space, first = false, false
		i += n
	}
	return r.toks, true
}

func (r *reference) quoted(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\n':
			return i
		case s[0]:
			return i + 1
		case '\\':
			if i++; i < len(s) && s[i] == '\n' {
				return i
			}
		}
	}
	return len(s)
}

func (r *reference) afterInclude() bool {
	n := len(r.toks)
	return n >= 2 && r.toks[n-2].text == "#" && r.toks[n-2].first &&
		slices.Contains([]string{"include", "include_next"}, r.toks[n-1].text)
}

// checkTokens fails if stripping src changes a token, a blank that the
// preprocessor can see, or (when newlines are kept) a line number.
func checkTokens(t *testing.T, src []byte) {
	t.Helper()
	if strings.Contains(string(src), `R"`) {
		return // raw strings undo phase 2; TestAppend has their cases
	}
	want, ok := lex(src)
	if !ok {
		return
	}
	for _, mode := range []Mode{Compact, KeepLines} {
		out := Append(nil, src, mode)
		got, _ := lex(out)
		if len(out) > len(src) {
			t.Errorf("mode %d, %q became %q: got %d bytes from %d", mode, src, out, len(out), len(src))
		}
		if mode == Compact {
			got, want := slices.Clone(got), slices.Clone(want)
			for i := range got {
				got[i].line = 0
			}
			for i := range want {
				want[i].line = 0
			}
			compare(t, mode, src, out, got, want)
			continue
		}
		compare(t, mode, src, out, got, want)
	}
}

func compare(t *testing.T, mode Mode, src, out []byte, got, want []token) {
	t.Helper()
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Errorf("mode %d, %q became %q: token %d: got %+v, want %+v", mode, src, out, i, got[i], want[i])
			return
		}
	}
	if len(got) != len(want) {
		t.Errorf("mode %d, %q became %q: got %d tokens, want %d", mode, src, out, len(got), len(want))
	}
}
