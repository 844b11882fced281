// SPDX-License-Identifier: Apache-2.0

package cstrip

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestAppend(t *testing.T) {
	const spdx = "/* SPDX-License-Identifier: GPL-2.0 */\n"
	tests := []struct {
		name, in, compact, lines string
	}{
		{"nothing to do", "int a;\n", "int a;\n", "int a;\n"},
		{"empty", "", "", ""},
		{"no newline at the end", "int a; /* b */", "int a;", "int a;"},
		{"trailing", "int a;\t/* b */\t\nint c;\n", "int a;\nint c;\n", "int a;\nint c;\n"},
		{"line comment", "int a; // b\nint c;\n", "int a;\nint c;\n", "int a;\nint c;\n"},
		{"a line of its own", "a\n/* b */\nc\n", "a\nc\n", "a\n\nc\n"},
		{"several lines", "a\n/*\n * b\n */\nc\n", "a\nc\n", "a\n\n\n\nc\n"},
		{"blank lines that meet", "a\n\n/* b */\n\nc\n", "a\nc\n", "a\n\n\n\nc\n"},
		{"blank lines at the top", "/* b */\n\n\nc\n", "c\n", "\n\n\nc\n"},
		{"blank lines elsewhere", "\na\n\n\nc /* d */\n\n", "a\nc\n", "\na\n\n\nc\n\n"},
		{"blank line that ends a macro", "#define A \\\n\n\nb\n", "#define A \\\n\nb\n", "#define A \\\n\n\nb\n"},
		{"blank lines in a raw string", "R\"(\n\n)\"\n\na\n", "R\"(\n\n)\"\na\n", "R\"(\n\n)\"\n\na\n"},
		{"blank lines in a licence", "/* SPDX-License-Identifier: MIT\n\n*/\n\na\n", "/* SPDX-License-Identifier: MIT\n\n*/\na\n", "/* SPDX-License-Identifier: MIT\n\n*/\n\na\n"},
		{"tokens do not merge", "a/**/b", "a b", "a b"},
		{"object-like macro", "#define F/**/(x) x\n", "#define F (x) x\n", "#define F (x) x\n"},
		{"blank before", "a /**/b", "a b", "a b"},
		{"blank after", "a/**/ b", "a b", "a b"},
		{"indentation", "\t/* a */ int b;\n", "int b;\n", "\tint b;\n"},
		{"two in a row", "a /* b */ /* c */ // d\ne\n", "a\ne\n", "a\ne\n"},
		{"between lines", "a /* b\n c */ d\n", "a d\n", "a /*\n*/d\n"},
		{"directive over lines", "#define A /* b\n c */ 1\n", "#define A 1\n", "#define A /*\n*/1\n"},
		{"directive's end", "#define A 1 /* b\n c */\nd\n", "#define A 1\nd\n", "#define A 1\n\nd\n"},
		{"macro body", "#define A \\\n\t/* b */ \\\n\tc\n", "#define A \\\n\\\n c\n", "#define A \\\n\\\n\tc\n"},
		{"macro body, no blank", "#define A a\\\n/* b */\\\nc\n", "#define A a\\\n \\\nc\n", "#define A a\\\n \\\nc\n"},
		{"macro body's end", "#define A \\\n\t/* b */\nc\n", "#define A \\\n\nc\n", "#define A \\\n\nc\n"},
		{"aligned backslash", "#define A b /* c */\t\t\\\n\td\n", "#define A b \\\n d\n", "#define A b \\\n\td\n"},
		{"string", `char *a = "/* b */ // c";`, `char *a = "/* b */ // c";`, `char *a = "/* b */ // c";`},
		{"escaped quote", `"\"/*" /* a */ "*/"`, `"\"/*" "*/"`, `"\"/*" "*/"`},
		{"character constants", `'"' /* a */ '\'' '"'`, `'"' '\'' '"'`, `'"' '\'' '"'`},
		{"spliced string", "\"a\\\n/* b */\" /* c */", "\"a\\\n/* b */\"", "\"a\\\n/* b */\""},
		{"escape across a splice", "\"\\\\\n\" /* a */\" /* b */", "\"\\\\\n\" /* a */\"", "\"\\\\\n\" /* a */\""},
		{"raw string", "R\"x(\" /* a */)x\" /* b */\n", "R\"x(\" /* a */)x\"\n", "R\"x(\" /* a */)x\"\n"},
		{"apostrophe in #error", "#error don't /* a\nb /* c */\n", "#error don't /* a\nb\n", "#error don't /* a\nb\n"},
		{"assembler text", "\t# it's\n\tnop /* a */\n", "# it's\nnop\n", "\t# it's\n\tnop\n"},
		{"include with slashes", "#include <a//b.h> // c\n", "#include <a//b.h>\n", "#include <a//b.h>\n"},
		{"less than", "a <b/**/> c\n", "a <b > c\n", "a <b > c\n"},
		{"a star in a line comment", "a // see b/*\nc /* d */\n", "a\nc\n", "a\nc\n"},
		{"slashes in a comment", "a /* // */ b\n", "a b\n", "a b\n"},
		{"spliced line comment", "a // b \\\nc\nd\n", "a\nd\n", "a\n\nd\n"},
		{"blank after the backslash", "a // b \\ \t\nc\nd\n", "a\nd\n", "a\n\nd\n"},
		{"spliced opening", "a /\\\n* b */ c /\\\n/ d\ne\n", "a c\ne\n", "a /*\n*/c\n\ne\n"},
		{"spliced closing", "a /* b *\\\n/ c\n", "a c\n", "a /*\n*/c\n"},
		{"not closed at once", "a /*/ b */ c", "a c", "a c"},
		{"stars", "a /***/ b /****/ c", "a b c", "a b c"},
		{"division", "a / b / *c /d", "a / b / *c /d", "a / b / *c /d"},
		{"slash before a comment", "a /\\\n\t/* b\n */ c\n", "a /\\\n c\n", "a /\\\n\t/*\n*/c\n"},
		{"never closed", "a /* b */\nc /* d\ne\n", "a\nc /* d\ne\n", "a\nc /* d\ne\n"},
		{"licence", spdx + "/* a */\nb\n", spdx + "b\n", spdx + "\nb\n"},
		{"licence in a line comment", "// SPDX-License-Identifier: MIT\n// a\nb\n", "// SPDX-License-Identifier: MIT\nb\n", "// SPDX-License-Identifier: MIT\n\nb\n"},
		{"blanks within a line", "int\ta  =\t b ;\t\n", "int a = b ;\n", "int\ta  =\t b ;\t\n"},
		{"indentation of code", "\t  if (a)\n\t\tb;\n", "if (a)\nb;\n", "\t  if (a)\n\t\tb;\n"},
		{"indentation in a macro", "  #  define A\t\t\\\n\t\tb\t\\\n\t\tc\n\td\n", "# define A \\\n b \\\n c\nd\n", "  #  define A\t\t\\\n\t\tb\t\\\n\t\tc\n\td\n"},
		{"blanks in a string", "a  \"b  c\\\n  d\"  'e  '\n", "a \"b  c\\\n  d\" 'e  '\n", "a  \"b  c\\\n  d\"  'e  '\n"},
		{"blanks in a licence", "a  /* SPDX-License-Identifier:  MIT */  b\n", "a /* SPDX-License-Identifier:  MIT */ b\n", "a  /* SPDX-License-Identifier:  MIT */  b\n"},
		{"blanks after a backslash", "a \\  b \\ \t\n\tc\n", "a \\  b \\ \t\n c\n", "a \\  b \\ \t\n\tc\n"},
		{"an apostrophe in assembler", "\t#  it's  one\n\tnop\t\t1\n", "# it's  one\nnop 1\n", "\t#  it's  one\n\tnop\t\t1\n"},
		{"DOS line ends", "a /* b */\r\n/* c */\r\nd\r\n", "a\nd\n", "a\n\nd\r\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := string(Append(nil, []byte(tt.in), Compact)); got != tt.compact {
				t.Errorf("Compact: got %q, want %q", got, tt.compact)
			}
			if got := string(Append(nil, []byte(tt.in), KeepLines)); got != tt.lines {
				t.Errorf("KeepLines: got %q, want %q", got, tt.lines)
			}
			checkTokens(t, []byte(tt.in))
		})
	}
}

// In HP-PA's assembler, what is not in the first column is no label.
func TestCompactLabels(t *testing.T) {
	const in = "\t.macro a /* b */\n\t\tcopy\t %r1, %r2\n1:\n\t.endm\n"
	if got, want := string(Append(nil, []byte(in), CompactLabels)), " .macro a\n copy %r1, %r2\n1:\n .endm\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAppendAfterOtherText(t *testing.T) {
	got := string(Append([]byte("int x \\\n"), []byte("/* a */\n\nb\n"), Compact))
	if want := "int x \\\nb\n"; got != want {
		t.Errorf("got %q, want %q: what was in dst before must not matter", got, want)
	}
}

func TestSelfChecksummed(t *testing.T) {
	sum := strings.Repeat("0123456789abcdef", 3)[:40]
	tests := []struct {
		in   string
		want bool
	}{
		{"/* a */\n// " + sum + "\n", true},
		{"// " + sum, true},
		{"/* a */\n// " + sum + "0\n", false},
		{"// " + strings.ToUpper(sum) + "\n", false},
		{"// " + sum + "\nint a;\n", false},
		{"", false},
	}
	for _, tt := range tests {
		if got := SelfChecksummed([]byte(tt.in)); got != tt.want {
			t.Errorf("SelfChecksummed(%q): got %v, want %v", tt.in, got, tt.want)
		}
		if tt.want && string(Append(nil, []byte(tt.in), Compact)) != tt.in {
			t.Errorf("Append changed %q", tt.in)
		}
	}
}

// TestFiles runs the tricky headers of testdata through both modes: the tokens
// must stay by the reference lexer, and by GCC.
func TestFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/*.h")
	if err != nil || len(files) == 0 {
		t.Fatalf("find testdata/*.h: %d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			checkTokens(t, src)
			if bytes.Contains(Append(nil, src, Compact), []byte("REMOVE")) {
				t.Errorf("a comment stayed:\n%s", Append(nil, src, Compact))
			}
			want := preprocess(t, src)
			for _, mode := range []Mode{Compact, KeepLines} {
				if got := preprocess(t, Append(nil, src, mode)); got != want {
					t.Errorf("mode %d, gcc -E: got\n%s\nwant\n%s", mode, got, want)
				}
			}
		})
	}
}

// preprocess returns what GCC makes of src, without indentation, which follows
// white space that means nothing there.
func preprocess(t *testing.T, src []byte) string {
	t.Helper()
	cmd := exec.Command("gcc", "-E", "-P", "-dD", "-undef", "-nostdinc", "-w", "-std=gnu11", "-")
	cmd.Stdin = bytes.NewReader(src)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("run gcc -E: %v", err)
	}
	lines := strings.Split(string(out), "\n")
	for i := range lines {
		lines[i] = strings.TrimLeft(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

func TestNoAllocation(t *testing.T) {
	src, err := os.ReadFile("testdata/comments.h")
	if err != nil {
		t.Fatal(err)
	}
	dst := make([]byte, 0, len(src))
	if got := testing.AllocsPerRun(10, func() { Append(dst, src, Compact) }); got != 0 {
		t.Errorf("got %v allocations a call, want 0", got)
	}
}

func BenchmarkAppend(b *testing.B) {
	src, err := os.ReadFile("testdata/comments.h")
	if err != nil {
		b.Fatal(err)
	}
	src = bytes.Repeat(src, 1<<20/len(src))
	dst := make([]byte, 0, len(src))
	b.SetBytes(int64(len(src)))
	for b.Loop() {
		Append(dst, src, Compact)
	}
}

func FuzzAppend(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.h")
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src []byte) { checkTokens(t, src) })
}
