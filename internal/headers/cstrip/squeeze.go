// SPDX-License-Identifier: Apache-2.0

package cstrip

// squeeze shortens the white space between the tokens of p, in place: a run of
// blanks within a line becomes one space, and those before a newline go. What
// the preprocessor sees stays the same: it tells white space from none, and a
// newline from white space.
//
// Indentation goes, all of it: -Wmisleading-indentation compares columns, and says
// nothing where what is guarded begins in the column of its guard (GCC's
// c-indentation.cc, Clang's ParseStmt.cpp). One space is left of it in lines that
// continue another one, and everywhere if labels says that a word in the first
// column is a label, as in the assembler of HP-PA.
func squeeze(p []byte, labels bool) []byte {
	q := squeezer{p: p, labels: labels}
	for q.in < len(p) {
		q.line()
	}
	return p[:q.out]
}

// squeezer writes what it reads from p[in:] to p[:out], which is no longer.
type squeezer struct {
	p       []byte
	in, out int
	labels  bool
}

// line squeezes one physical line, or several where a comment or a string that
// is kept goes on over them. What is before in may be overwritten already, so it
// looks back at what it wrote.
func (q *squeezer) line() {
	indent := q.in
	q.blanks()
	if q.labels || spliceBefore(q.p[:q.out], q.out) >= 0 {
		q.gap(indent)
	}
	for q.in < len(q.p) {
		c := q.p[q.in]
		switch {
		case c == '\n':
			q.keep(q.in, q.in+1)
			return
		case isBlank(c):
			from := q.in
			q.blanks()
			q.gap(from)
		case special[c]:
			q.keep(q.in, q.tokenEnd())
		default:
			end := q.in + 1
			for end < len(q.p) && !gaps[q.p[end]] && !special[q.p[end]] {
				end++
			}
			q.keep(q.in, end)
		}
	}
}

// gaps are the bytes of white space.
var gaps = [256]bool{' ': true, '\t': true, '\r': true, '\v': true, '\f': true, '\n': true}

func (q *squeezer) blanks() {
	for q.in < len(q.p) && isBlank(q.p[q.in]) {
		q.in++
	}
}

// gap writes what stays of the blanks p[from:in].
func (q *squeezer) gap(from int) {
	switch {
	case q.in == from:
	case q.out > 0 && q.p[q.out-1] == '\\':
		// Without a blank a backslash would join what follows.
		q.keep(from, q.in)
	case q.in == len(q.p) || q.p[q.in] == '\n':
	default:
		q.p[q.out] = ' '
		q.out++
	}
}

// tokenEnd returns the index after the string or comment that begins at p[in], or
// after the slash.
func (q *squeezer) tokenEnd() int {
	switch q.p[q.in] {
	case '/':
		if end, ok := commentEnd(q.p, q.in); !ok {
			return len(q.p)
		} else if end > 0 {
			return end
		}
	case '"':
		if isRaw(q.p[:q.out], q.out) {
			return rawStringEnd(q.p, q.in)
		}
		return quotedEnd(q.p, q.in)
	case '\'':
		return quotedEnd(q.p, q.in)
	}
	return q.in + 1
}

func (q *squeezer) keep(from, to int) {
	q.out += copy(q.p[q.out:], q.p[from:to])
	q.in = to
}
