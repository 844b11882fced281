// SPDX-License-Identifier: Apache-2.0

// Package cstrip takes the comments out of C headers and leaves every token,
// and whether there is white space between two on a line, as it was.
//
// It follows translation phases 2 and 3 of C11 5.1.1.2 as GCC's preprocessor
// implements them (libcpp/lex.cc): lines are spliced at a backslash and a
// newline with or without blanks between, strings and character constants hide
// comments, and one that is not closed ends with its line. That last rule is
// what carries it through the raw text of assembler headers and #error lines.
package cstrip

import "bytes"

// Mode says what becomes of the lines that a comment leaves empty.
type Mode int

const (
	// Compact removes them, and every other blank line, indentation, and all
	// but one of the blanks between tokens: some percent of an archive that is
	// kernel memory as long as the machine is up.
	Compact Mode = iota
	// CompactLabels leaves one blank of indentation. It is for headers of HP-PA,
	// in whose assembler a word in the first column is a label.
	CompactLabels
	// KeepLines leaves every newline in place, so that __LINE__, WARN
	// messages and DWARF line tables stay what they were.
	KeepLines
)

// spdx marks the comments that stay: the licence of a file has to travel with it.
var spdx = []byte("SPDX-License-Identifier")

// special holds the bytes at which something other than plain text can begin.
var special = [256]bool{'/': true, '"': true, '\'': true}

// Append appends src without its comments to dst and returns the extended
// slice. It allocates only to grow dst, for which len(src) bytes are always
// enough. dst and src must not overlap.
//
// A file that ends with a checksum of itself is appended as it is; see
// SelfChecksummed. So is the rest of a file from a comment that never ends,
// which a compiler rejects.
func Append(dst, src []byte, mode Mode) []byte {
	if SelfChecksummed(src) {
		return append(dst, src...)
	}
	s := stripper{src: src, dst: dst, base: len(dst), mode: mode}
	for s.step() {
	}
	s.copyTo(len(src))
	if mode == KeepLines {
		return s.dst
	}
	return s.dst[:len(dst)+len(squeeze(s.dst[len(dst):], mode == CompactLabels))]
}

// SelfChecksummed reports whether the last line of p is "// " and 40
// hexadecimal digits: the SHA-1 of the lines before it, which
// scripts/atomic/gen-atomics.sh writes and scripts/atomic/check-atomics.sh
// compares.
func SelfChecksummed(p []byte) bool {
	const digits = 40
	p = bytes.TrimSuffix(p, []byte{'\n'})
	p = p[bytes.LastIndexByte(p, '\n')+1:]
	if len(p) != len("// ")+digits || string(p[:3]) != "// " {
		return false
	}
	for _, c := range p[3:] {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// stripper is the state of one run. src[:done] has been dealt with, and pos is
// where to look on; the bytes between are copied in one go when the next
// comment is met.
type stripper struct {
	src, dst  []byte
	base      int // where this file begins in dst
	done, pos int
	mode      Mode
}

// step goes on to the next byte that matters and past what begins there. It
// returns false when nothing is left to look for.
func (s *stripper) step() bool {
	i, src := s.pos, s.src
	for i < len(src) && !special[src[i]] {
		i++
	}
	if i == len(src) {
		return false
	}
	switch src[i] {
	case '/':
		end, ok := commentEnd(src, i)
		switch {
		case !ok:
			return false
		case end == 0 || inHeaderName(src, i): // a plain slash
			s.pos = i + 1
		case bytes.Contains(src[i:end], spdx):
			s.keep(i, end)
		default:
			s.remove(i, end)
		}
	case '"':
		if isRaw(src, i) {
			s.keep(i, rawStringEnd(src, i))
		} else {
			s.pos = quotedEnd(src, i)
		}
	case '\'':
		s.pos = quotedEnd(src, i)
	}
	return true
}

// remove drops the comment src[i:end] and what it leaves behind: the blanks
// and further comments that follow it, and the line itself if that was all.
func (s *stripper) remove(i, end int) {
	s.copyTo(i)
	text := len(s.dst) // where the line's text ends
	for text > s.base && isBlank(s.dst[text-1]) {
		text--
	}
	if text > s.base && s.dst[text-1] == '\\' {
		// Without the comment a stray backslash would join the next line on.
		s.keep(i, end)
		return
	}
	newlines := bytes.Count(s.src[i:end], nl)
	for { // the blanks and comments that follow belong to the same gap
		for end < len(s.src) && isBlank(s.src[end]) {
			end++
		}
		if end == len(s.src) || s.src[end] != '/' {
			break
		}
		next, ok := commentEnd(s.src, end)
		if !ok || next == 0 || bytes.Contains(s.src[end:next], spdx) {
			break
		}
		newlines += bytes.Count(s.src[end:next], nl)
		end = next
	}
	blank := text == s.base || s.dst[text-1] == '\n'
	splice := spliceBefore(s.dst[s.base:], text-s.base)
	fresh := blank && splice < 0 // nothing but the comment on its logical line so far
	last := end == len(s.src) || s.src[end] == '\n'
	switch {
	case s.mode == KeepLines && newlines > 0:
		s.keepNewlines(text, newlines, !fresh && !last)
	case last:
		s.dst = s.dst[:text]
		if fresh && s.mode != KeepLines {
			end = min(end+1, len(s.src))
		}
	case spliceEnd(s.src, end) > end:
		// The backslash stays, also where it then has a line for itself: to gcc
		// -fpreprocessed it is a token.
		s.dst = s.dst[:text]
		if splice <= 0 || !isBlank(s.dst[s.base+splice-1]) {
			s.dst = append(s.dst, ' ')
		}
	case len(s.dst) == text && !fresh:
		s.dst = append(s.dst, ' ')
	}
	s.done, s.pos = end, end
}

// keepNewlines puts n newlines in the place of a comment that spanned n+1
// lines. With text on both sides they stand in an empty comment: bare ones would
// end a directive, or a statement of an assembler.
func (s *stripper) keepNewlines(text, n int, inside bool) {
	if inside {
		// One blank stays if there was any: a slash before it would otherwise
		// begin a line comment.
		s.dst = append(s.dst[:min(text+1, len(s.dst))], "/*"...)
	} else {
		s.dst = s.dst[:text]
	}
	for range n {
		s.dst = append(s.dst, '\n')
	}
	if inside {
		s.dst = append(s.dst, "*/"...)
	}
}

// keep copies src[i:end] as it is, blank lines and all.
func (s *stripper) keep(i, end int) {
	s.copyTo(i)
	s.dst = append(s.dst, s.src[i:end]...)
	s.done, s.pos = end, end
}

// copyTo copies the source up to src[i], without blank lines if the mode says
// so. One that ends a macro, after a line continuation, stays.
func (s *stripper) copyTo(i int) {
	text := s.src[s.done:i]
	s.done = i
	if s.mode == KeepLines {
		s.dst = append(s.dst, text...)
		return
	}
	for len(text) > 0 {
		if text[0] == '\n' && (len(s.dst) == s.base || s.dst[len(s.dst)-1] == '\n') &&
			spliceBefore(s.dst[s.base:], len(s.dst)-s.base) < 0 {
			text = text[1:]
			continue
		}
		n := twoNewlines(text)
		s.dst = append(s.dst, text[:n]...)
		text = text[n:]
	}
}
