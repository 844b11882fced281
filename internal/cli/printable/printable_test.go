// SPDX-License-Identifier: Apache-2.0

package printable

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"":                         "",
		"include/linux/a b.h":      "include/linux/a b.h",
		"größe/名前/😀":               "größe/名前/😀",
		"a\x1b[31mred\x07\x7f\r\n": `a\x1b[31mred\x07\x7f\x0d\x0a`,
		"\u009b31mred\u0085":       `\u009b31mred\u0085`,
		"\x9b31mred":               `\x9b31mred`,
		"caf\xe9.h":                `caf\xe9.h`,
		"\u202acode\u202e":         `\u202acode\u202e`,
		"\u2066\u2067\u2068\u2069": `\u2066\u2067\u2068\u2069`,
		"\u200e\u200f\u061c":       `\u200e\u200f\u061c`,
		"zero\u200bwidth\ufeff":    `zero\u200bwidth\ufeff`,
		"lines\u2028\u2029":        `lines\u2028\u2029`,
		"\U000e0041":               `\U000e0041`,
		"\ufffd":                   "\ufffd",
	} {
		got := Text(in)
		if got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
		if Is(in) != (in == want) {
			t.Errorf("%q: Is = %v", in, Is(in))
		}
	}
}

func FuzzText(f *testing.F) {
	f.Add("a\x1b\u202e\xff")
	f.Fuzz(func(t *testing.T, s string) {
		got := Text(s)
		if !utf8.ValidString(got) || strings.ContainsFunc(got, obeyed) || !Is(got) {
			t.Errorf("%q: got %q, which is not printable", s, got)
		}
	})
}
