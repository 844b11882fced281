// SPDX-License-Identifier: Apache-2.0

// Package printable makes texts that come from files, such as names of members and
// sections, fit for a terminal: one that obeyed them could show other text than
// there is.
package printable

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text returns s with its control characters (C0, DEL, C1), its marks of direction
// and the other characters that do not show (Unicode's categories Cf, Zl and Zp)
// and its bytes that are not UTF-8 written as in Go: \x1b, \u009b, \u202e, \xff.
// Other characters stay.
func Text(s string) string {
	if Is(s) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1, obeyed(r) && r < utf8.RuneSelf:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case obeyed(r) && r > 0xffff:
			fmt.Fprintf(&b, `\U%08x`, r)
		case obeyed(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	return b.String()
}

// Is says whether Text changes nothing in s.
func Is(s string) bool { return utf8.ValidString(s) && !strings.ContainsFunc(s, obeyed) }

func obeyed(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}
