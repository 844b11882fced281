// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// echo is a tool that prints what it was given.
func echo() Tool {
	return Tool{
		Name:    "echo",
		Summary: "print arguments",
		Commands: []Command{
			{
				Name: "say", Usage: "--out FILE [--add X]... [--json] [WORD]...", Summary: "Print the arguments.",
				Run: func(args []string, stdout, stderr io.Writer) error {
					fs := NewFlags()
					out := fs.String("out", "", "the `FILE` to write")
					json := fs.Bool("json", false, "print JSON")
					var add Strings
					fs.Var(&add, "add", "add `X`")
					words, err := Parse(fs, args)
					if err != nil {
						return err
					}
					if err := Require(fs, "out"); err != nil {
						return err
					}
					fmt.Fprintf(stdout, "out=%s json=%v add=%q words=%q", *out, *json, []string(add), words)
					return nil
				},
			},
			{Name: "fail", Run: func([]string, io.Writer, io.Writer) error {
				return errors.Join(errors.New("read a: bad"), errors.New("read \x1b[2Jb\u009b\u202e\xff: worse"))
			}},
			{Name: "verb", Run: func([]string, io.Writer, io.Writer) error { return errors.New("verb object: bad") }},
			{Name: "panic", Run: func(args []string, _, _ io.Writer) error { _ = args[5]; return nil }},
		},
	}
}

func TestToolMain(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return p
	}
	params := file("params", "--out\nx\n--add=a b\n\n@w\n")
	whole := file("whole", "say\n--out=x")
	large := file("large", "")
	if err := os.Truncate(large, 64<<20+1); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		args   []string
		status int
		stdout string
		stderr string // a substring; "" means that nothing may be printed
	}{
		{"mixed", []string{"say", "one", "--out", "x", "two", "--json"}, 0, `out=x json=true add=[] words=["one" "two"]`, ""},
		{"repeated", []string{"say", "--add", "1", "--add=2", "--out", "x"}, 0, `out=x json=false add=["1" "2"] words=[]`, ""},
		{"dashes", []string{"say", "--out", "x", "--", "--json"}, 0, `out=x json=false add=[] words=["--json"]`, ""},
		{"dashes as a value", []string{"say", "--out", "--", "w", "--json"}, 0, `out=-- json=true add=[] words=["w"]`, ""},
		{"same twice", []string{"say", "--out", "x", "--out", "x"}, 0, `out=x json=false add=[] words=[]`, ""},
		{"params after command", []string{"say", "@" + params}, 0, `out=x json=false add=["a b"] words=["" "@w"]`, ""},
		{"params alone", []string{"@" + whole}, 0, `out=x json=false add=[] words=[]`, ""},
		{"at sign among others", []string{"say", "--out", "@x"}, 0, `out=@x json=false add=[] words=[]`, ""},
		{"help", []string{"say", "-h"}, 0, "Usage: echo say --out FILE [--add X]... [--json] [WORD]...\nPrint the arguments.\n  --add X\n      add X\n  --json\n      print JSON\n  --out FILE\n      the FILE to write\n", ""},

		{"twice", []string{"say", "--out", "x", "--out", "y"}, 1, "", `echo: say: invalid value "y" for flag -out: given twice, first as "x"; 'echo say -h' shows the usage`},
		{"unknown flag", []string{"say", "--oot"}, 1, "", "echo: say: unknown flag --oot; 'echo say -h' shows the usage\n"},
		{"missing", []string{"say"}, 1, "", "echo: say: --out FILE is required: the FILE to write; 'echo say -h' shows the usage\n"},
		{"no command", nil, 1, "", "echo: no command given, expected one of say, fail, verb, panic; 'echo -h' shows the usage\n"},
		{"unknown command", []string{"sing"}, 1, "", `echo: unknown command "sing", expected one of say, fail, verb, panic`},
		{"no param file", []string{"say", "@" + dir + "/none"}, 1, "", "echo: read param file: "},
		{"binary param file", []string{"say", "@" + file("bin", "a\x00b")}, 1, "", "is not text, expected one argument a line"},
		{"endless param file", []string{"say", "@/dev/zero"}, 1, "", "echo: read param file: open /dev/zero: it is a device; expected a regular file\n"},
		{"large param file", []string{"say", "@" + large}, 1, "", "echo: read param file: " + large + " has more than 67108864 bytes, expected a text file with one argument a line\n"},
		{"error", []string{"fail"}, 1, "", "echo: fail: read a: bad; read \\x1b[2Jb\\u009b\\u202e\\xff: worse\n"},
		{"verb", []string{"verb"}, 1, "", "echo: verb object: bad\n"},
		{"panic", []string{"panic"}, 1, "", "echo: panic: internal error: "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			if got := echo().Main(tt.args, &stdout, &stderr); got != tt.status {
				t.Errorf("status = %d, want %d", got, tt.status)
			}
			if got := stdout.String(); got != tt.stdout {
				t.Errorf("stdout = %q, want %q", got, tt.stdout)
			}
			got := stderr.String()
			if tt.stderr == "" && got != "" || !strings.Contains(got, tt.stderr) {
				t.Errorf("stderr = %q, want %q in it", got, tt.stderr)
			}
			if tt.status != 0 && strings.Count(got, "\n") != 1 {
				t.Errorf("stderr = %q, want one line", got)
			}
		})
	}
}

// A program of one command is told as a tool is.
func TestCommandMain(t *testing.T) {
	say := echo().Commands[0]
	for _, tt := range []struct {
		args           []string
		status         int
		stdout, stderr string
	}{
		{[]string{"--out", "x", "w"}, 0, `out=x json=false add=[] words=["w"]`, ""},
		{[]string{"-h"}, 0, "Usage: say --out FILE [--add X]... [--json] [WORD]...\nPrint the arguments.\n  --add X\n", ""},
		{nil, 1, "", "say: --out FILE is required: the FILE to write; 'say -h' shows the usage\n"},
	} {
		var stdout, stderr bytes.Buffer
		if got := say.Main(tt.args, &stdout, &stderr); got != tt.status || !strings.HasPrefix(stdout.String(), tt.stdout) || stderr.String() != tt.stderr {
			t.Errorf("%q: got %d, %q, %q; want %d, %q, %q", tt.args, got, stdout.String(), stderr.String(), tt.status, tt.stdout, tt.stderr)
		}
	}
	var stderr bytes.Buffer
	if got := echo().Commands[3].Main(nil, &stderr, &stderr); got != 1 || !strings.HasPrefix(stderr.String(), "panic: internal error: ") {
		t.Errorf("panic: got %d, %q", got, stderr.String())
	}
}

func TestSpecification(t *testing.T) {
	const variable = "TEST_SPECIFICATION"
	for _, tt := range []struct {
		args             []string
		environment      string
		want, wantsError string
	}{
		{[]string{"a"}, "b", "a", ""},
		{nil, "b", "b", ""},
		{nil, "", "", "no specification: expected a JSON file as the only argument, or in " + variable},
		{[]string{"a", "b"}, "c", "", "got 2 arguments, expected one JSON file, or it in " + variable},
		{[]string{"-h"}, "b", "", "flag: help requested"},
		{[]string{"-x"}, "b", "", "unknown flag --x"},
	} {
		t.Setenv(variable, tt.environment)
		got, err := Specification(tt.args, variable)
		if got != tt.want || (err != nil) != (tt.wantsError != "") || err != nil && err.Error() != tt.wantsError {
			t.Errorf("%q: got %q, %v; want %q, %q", tt.args, got, err, tt.want, tt.wantsError)
		}
	}
}

func TestReadJSON(t *testing.T) {
	file := filepath.Join(t.TempDir(), "spec")
	for text, want := range map[string]string{
		`{"a": 1}`:         "",
		`{"a": 1}` + "\n":  "",
		`{"a": 1, "b": 2}`: `json: unknown field "b"`,
		`{"a": 1} {}`:      "more follows the JSON value, expected one",
		`{`:                "unexpected EOF",
	} {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		var v struct{ A int }
		if err := ReadJSON(file, &v); (err != nil) != (want != "") || err != nil && err.Error() != "read "+file+": "+want {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}

func TestToolHelp(t *testing.T) {
	for _, arg := range []string{"-h", "--help", "help"} {
		var stdout, stderr bytes.Buffer
		if got := echo().Main([]string{arg}, &stdout, &stderr); got != 0 {
			t.Errorf("%s: status = %d, want 0", arg, got)
		}
		for _, want := range []string{"echo: print arguments", "echo say --out FILE", "@FILE"} {
			if !strings.Contains(stdout.String(), want) {
				t.Errorf("%s: stdout = %q, want %q in it", arg, stdout.String(), want)
			}
		}
	}
}
