// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
)

// run shows the command's help or runs it.
func (c Command) run(tool string, args []string, stdout, stderr io.Writer) error {
	err := c.Run(args, stdout, stderr)
	var help *helpError
	if errors.As(err, &help) {
		words := strings.TrimSpace(tool + " " + c.Name + " " + c.Usage)
		return help.show(stdout, fmt.Sprintf("Usage: %s\n%s\n", words, c.Summary))
	}
	return err
}

// helpError is what Parse returns for -h; it carries the flags to be listed.
type helpError struct{ flags *flag.FlagSet }

func (e *helpError) Error() string { return flag.ErrHelp.Error() }

func (e *helpError) show(w io.Writer, head string) error {
	var b strings.Builder
	b.WriteString(head)
	e.flags.VisitAll(func(f *flag.Flag) {
		name, usage := flag.UnquoteUsage(f)
		fmt.Fprintf(&b, "  --%s", f.Name)
		if name != "" {
			fmt.Fprintf(&b, " %s", name)
		}
		fmt.Fprintf(&b, "\n      %s\n", usage)
	})
	_, err := io.WriteString(w, b.String())
	return err
}

// NewFlags returns an empty set of flags. A flag's usage names its value in
// back quotes, as package flag has it: "the `FILE` to write".
func NewFlags() *flag.FlagSet {
	fs := flag.NewFlagSet("", flag.ContinueOnError)
	fs.SetOutput(io.Discard) // errors are returned, and printed once
	return fs
}

// Parse parses args, in which flags and other arguments may be mixed, and
// returns the others. All after "--" are others. A flag given twice with two
// values is refused unless it is made to be repeated (Strings): in a long
// generated command line the last one would win in silence.
//
// Its errors, a *UsageError or the request for help, are to be returned from
// Command.Run as they are.
func Parse(fs *flag.FlagSet, args []string) ([]string, error) {
	once(fs)
	var others, rest []string
	if at := terminator(fs, args); at >= 0 {
		args, rest = args[:at], args[at+1:]
	}
	for {
		if err := fs.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return nil, &helpError{fs}
			}
			return nil, Usagef("%s", strings.ReplaceAll(err.Error(), "flag provided but not defined: -", "unknown flag --"))
		}
		left := fs.Args()
		if len(left) == 0 {
			return append(others, rest...), nil
		}
		others, args = append(others, left[0]), left[1:]
	}
}

// terminator returns where the "--" is that ends the flags, or -1. One that is
// the value of a flag ends nothing.
func terminator(fs *flag.FlagSet, args []string) int {
	for i := 0; i < len(args); i++ {
		if args[i] == "--" {
			return i
		}
		name := strings.TrimPrefix(strings.TrimPrefix(args[i], "-"), "-")
		if name == args[i] || strings.Contains(name, "=") {
			continue
		}
		f := fs.Lookup(name)
		if f == nil {
			continue
		}
		if b, ok := f.Value.(interface{ IsBoolFlag() bool }); !ok || !b.IsBoolFlag() {
			i++ // its value
		}
	}
	return -1
}

// Require returns a *UsageError that names the first of the flags that was
// given no value or an empty one.
func Require(fs *flag.FlagSet, names ...string) error {
	for _, n := range names {
		f := fs.Lookup(n)
		if f.Value.String() != "" {
			continue
		}
		value, usage := flag.UnquoteUsage(f)
		return Usagef("--%s %s is required: %s", n, value, usage)
	}
	return nil
}

// Strings is a flag that may be given more than once.
type Strings []string

func (s *Strings) String() string     { return strings.Join(*s, " ") }
func (s *Strings) Set(v string) error { *s = append(*s, v); return nil }

// once wraps every flag that is not Strings.
func once(fs *flag.FlagSet) {
	fs.VisitAll(func(f *flag.Flag) {
		switch f.Value.(type) {
		case *Strings, *single:
		default:
			f.Value = &single{Value: f.Value}
		}
	})
}

// single refuses a second value that differs from the first.
type single struct {
	flag.Value
	set   bool
	given string
}

// IsBoolFlag lets package flag accept --name without a value.
func (s *single) IsBoolFlag() bool {
	b, ok := s.Value.(interface{ IsBoolFlag() bool })
	return ok && b.IsBoolFlag()
}

func (s *single) String() string {
	if s.Value == nil { // package flag calls String on a zero value
		return ""
	}
	return s.Value.String()
}

func (s *single) Set(v string) error {
	if s.set && v != s.given {
		return fmt.Errorf("given twice, first as %q", s.given)
	}
	s.set, s.given = true, v
	return s.Value.Set(v)
}

// ParseAll parses args of a command that takes flags alone, of which those
// named are required.
func ParseAll(fs *flag.FlagSet, args []string, required ...string) error {
	rest, err := Parse(fs, args)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return Usagef("unexpected argument %q", rest[0])
	}
	return Require(fs, required...)
}
