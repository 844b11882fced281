// SPDX-License-Identifier: Apache-2.0

package cstrip

import (
	"bytes"
	"encoding/binary"
)

var nl = []byte{'\n'}

// isBlank reports whether c is white space that does not end a line. A carriage
// return is, so that a file with DOS line ends needs no case of its own.
func isBlank(c byte) bool {
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f'
}

// spliceEnd returns the index after the line continuations that begin at
// src[i], or i if none does. GCC allows blanks between the backslash and the
// newline (libcpp/lex.cc, _cpp_clean_line).
func spliceEnd(src []byte, i int) int {
	for i < len(src) && src[i] == '\\' {
		j := i + 1
		for j < len(src) && isBlank(src[j]) {
			j++
		}
		if j == len(src) || src[j] != '\n' {
			break
		}
		i = j + 1
	}
	return i
}

// spliceBefore returns the index of the backslash of a line continuation that
// ends right before p[i], or -1.
func spliceBefore(p []byte, i int) int {
	if i == 0 || p[i-1] != '\n' {
		return -1
	}
	i -= 2
	for i >= 0 && isBlank(p[i]) {
		i--
	}
	if i < 0 || p[i] != '\\' {
		return -1
	}
	return i
}

// commentEnd returns the index after the comment that begins with the slash at
// src[i], and 0 if none does. A line comment ends before its newline. ok is
// false for a block comment that is never closed.
func commentEnd(src []byte, i int) (end int, ok bool) {
	j := spliceEnd(src, i+1)
	if j == len(src) {
		return 0, true
	}
	switch src[j] {
	case '/':
		return lineEnd(src, j+1), true
	case '*':
		return blockEnd(src, j+1)
	}
	return 0, true
}

// lineEnd returns the index of the newline that ends the logical line src[i]
// is in, or the length of src.
func lineEnd(src []byte, i int) int {
	start := i
	for {
		n := bytes.IndexByte(src[i:], '\n')
		if n < 0 {
			return len(src)
		}
		i += n
		if b := spliceBefore(src, i+1); b < start {
			return i
		}
		i++
	}
}

// blockEnd returns the index after the "*/" that closes a comment whose text
// begins at src[start].
func blockEnd(src []byte, start int) (end int, ok bool) {
	for i := start; ; i++ {
		n := bytes.IndexByte(src[i:], '/')
		if n < 0 {
			return 0, false
		}
		i += n
		star := i
		for b := spliceBefore(src, star); b >= start; b = spliceBefore(src, star) {
			star = b
		}
		if star > start && src[star-1] == '*' {
			return i + 1, true
		}
	}
}

// quotedEnd returns the index after the string or character constant that
// begins at src[i]. One that is not closed ends before its line's newline, and
// what looks like a comment in it is none (libcpp/lex.cc, lex_string).
func quotedEnd(src []byte, i int) int {
	quote := src[i]
	for i++; i < len(src); i++ {
		switch src[i] {
		case quote:
			return i + 1
		case '\n':
			return i
		case '\\':
			if j := spliceEnd(src, i); j > i {
				i = j - 1
				continue
			}
			// The escaped character may stand on the next line.
			if i = spliceEnd(src, i+1); i < len(src) && src[i] == '\n' {
				return i
			}
		}
	}
	return len(src)
}

// isRaw reports whether the quote at src[i] opens a raw string, which GNU C
// has since gnu99: R, LR, uR, UR or u8R in front of it.
func isRaw(src []byte, i int) bool {
	if i == 0 || src[i-1] != 'R' {
		return false
	}
	j := i - 1
	for j > 0 && isIdent(src[j-1]) {
		j--
	}
	switch string(src[j : i-1]) {
	case "", "L", "u", "U", "u8":
		return true
	}
	return false
}

// rawStringEnd returns the index after the raw string whose quote is src[i]. A
// malformed one is taken for an ordinary string.
func rawStringEnd(src []byte, i int) int {
	const maxDelimiter = 16 // C++11 2.14.5
	p := bytes.IndexByte(src[i:min(len(src), i+maxDelimiter+2)], '(')
	if p < 0 || bytes.ContainsAny(src[i+1:i+p], " )\\\t\v\f\n\"") {
		return quotedEnd(src, i)
	}
	delimiter := src[i+1 : i+p]
	for j := i + p + 1; ; {
		n := bytes.IndexByte(src[j:], ')')
		if n < 0 {
			return quotedEnd(src, i)
		}
		j += n + 1
		if rest := src[j:]; bytes.HasPrefix(rest, delimiter) &&
			len(rest) > len(delimiter) && rest[len(delimiter)] == '"' {
			return j + len(delimiter) + 1
		}
	}
}

// inHeaderName reports whether src[i] is in the header name of an #include:
// <a//b.h> holds no comment.
func inHeaderName(src []byte, i int) bool {
	line := src[bytes.LastIndexByte(src[:i], '\n')+1 : i]
	line, ok := bytes.CutPrefix(trimLeft(line), []byte{'#'})
	if !ok {
		return false
	}
	line, ok = bytes.CutPrefix(trimLeft(line), []byte("include"))
	line = trimLeft(bytes.TrimPrefix(line, []byte("_next")))
	return ok && len(line) > 0 && line[0] == '<' && bytes.IndexByte(line, '>') < 0 &&
		bytes.IndexByte(src[i:lineEnd(src, i)], '>') >= 0
}

func trimLeft(p []byte) []byte {
	for len(p) > 0 && isBlank(p[0]) {
		p = p[1:]
	}
	return p
}

// twoNewlines returns the index of the second of the first two newlines in a
// row, or the length of p. It looks at eight bytes at a time, as every byte of
// the result passes here.
func twoNewlines(p []byte) int {
	const (
		ones     = 0x0101010101010101
		highs    = 0x8080808080808080
		newlines = '\n' * ones
	)
	i := 0
	for ; i+9 <= len(p); i += 8 {
		x := binary.LittleEndian.Uint64(p[i:]) ^ newlines
		y := binary.LittleEndian.Uint64(p[i+1:]) ^ newlines
		// A byte of x|y is zero where a newline follows a newline.
		if z := x | y; (z-ones)&^z&highs != 0 {
			break
		}
	}
	for i++; i < len(p); i++ {
		if p[i] == '\n' && p[i-1] == '\n' {
			return i
		}
	}
	return len(p)
}

func isIdent(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}
