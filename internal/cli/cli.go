// SPDX-License-Identifier: Apache-2.0

// Package cli is what the command lines of packer and patcher share: commands,
// flags, param files, and how an error is shown.
//
// A tool's main is one line, os.Exit(tool.Main(os.Args[1:], os.Stdout, os.Stderr)).
// A failure is one line on stderr, "TOOL: COMMAND: what was wrong", and exit
// status 1; nothing that happens to bad input is a stack trace. A signal that ends
// the tool leaves no temporary file, scratch directory or process.
package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"github.com/rules-kheaders/rules_kheaders/internal/cli/printable"
)

// A Tool is a program with commands.
type Tool struct {
	Name     string // as in "packer: error"
	Summary  string // one line, for -h
	Commands []Command
}

// A Command is the second word of a command line.
type Command struct {
	Name    string
	Usage   string // what follows the name, as in "[--json] FILE"
	Summary string // one line, for -h

	// Run does the work. args are those after the command's name. An error
	// of flag.ErrHelp means that help was asked for and shown.
	Run func(args []string, stdout, stderr io.Writer) error
}

// A UsageError says that the command line was wrong, not what it named; the
// message that is printed then points at -h.
type UsageError struct{ Message string }

func (e *UsageError) Error() string { return e.Message }

// Usagef returns a *UsageError.
func Usagef(format string, args ...any) error {
	return &UsageError{fmt.Sprintf(format, args...)}
}

// Main runs the command that args name and returns the exit status: 0, or 1
// after one line on stderr.
func (t Tool) Main(args []string, stdout, stderr io.Writer) int {
	return exit(t.Name, stderr, func() (string, error) { return t.Run(args, stdout, stderr) })
}

// Main runs a program that is this one command, as Tool.Main runs one of many.
func (c Command) Main(args []string, stdout, stderr io.Writer) int {
	return exit(c.Name, stderr, func() (prefix string, err error) {
		defer recovered(&err)
		prefix = c.Name // a panic returns it too
		return prefix, hint(c.Name, c.run("", args, stdout, stderr))
	})
}

// exit returns the exit status of a program that run is the work of.
func exit(tool string, stderr io.Writer, run func() (prefix string, err error)) int {
	ignoreFileSizeSignal()
	catchBrokenPipe()
	stop := catchSignals()
	prefix, err := run()
	stop() // before anything is said of what a signal has broken
	if err == nil {
		return 0
	}
	if brokenOutput(err) {
		dieOf(syscall.SIGPIPE) // as 'packer list FILE | head' expects
	}
	text := oneLine(err)
	// "stamp: stamp vmlinux: ..." says the verb once too often.
	if command, ok := strings.CutPrefix(prefix, tool+": "); ok && strings.HasPrefix(text, command+" ") {
		prefix = tool
	}
	fmt.Fprintf(stderr, "%s: %s\n", prefix, text)
	return 1
}

// brokenOutput says whether a failure is that nobody reads stdout any more.
func brokenOutput(err error) bool {
	var path *fs.PathError
	return errors.As(err, &path) && path.Path == os.Stdout.Name() && errors.Is(path.Err, syscall.EPIPE)
}

// Run runs the command that args name. It returns the error together with what
// it is to be prefixed with: the tool, and the command where it is known.
func (t Tool) Run(args []string, stdout, stderr io.Writer) (prefix string, err error) {
	prefix = t.Name
	defer recovered(&err)
	args, err = expand(args)
	if err != nil {
		return prefix, err
	}
	if len(args) == 0 {
		return prefix, hint(t.Name, Usagef("no command given, expected one of %s", t.names()))
	}
	switch args[0] {
	case "-h", "-help", "--help", "help":
		return prefix, t.help(stdout)
	}
	for _, c := range t.Commands {
		if c.Name != args[0] {
			continue
		}
		prefix += ": " + c.Name
		return prefix, hint(t.Name+" "+c.Name, c.run(t.Name, args[1:], stdout, stderr))
	}
	return prefix, hint(t.Name, Usagef("unknown command %q, expected one of %s", args[0], t.names()))
}

// recovered makes a panic an error. It is our own bug: users get a sentence to
// report, and a build gets a failed action, not a trace that hides the file it was
// about.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("internal error: %v; please report it with the command line", p)
	}
}

// hint adds to a UsageError where the usage can be read.
func hint(command string, err error) error {
	var usage *UsageError
	if !errors.As(err, &usage) {
		return err
	}
	return fmt.Errorf("%w; '%s -h' shows the usage", err, command)
}

func (t Tool) names() string {
	names := make([]string, len(t.Commands))
	for i, c := range t.Commands {
		names[i] = c.Name
	}
	return strings.Join(names, ", ")
}

func (t Tool) help(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n\nUsage:\n", t.Name, t.Summary)
	for _, c := range t.Commands {
		fmt.Fprintf(&b, "  %s %s %s\n      %s\n", t.Name, c.Name, c.Usage, c.Summary)
	}
	fmt.Fprintf(&b, "\n'%s COMMAND -h' lists a command's flags. A single argument @FILE, alone or after\nthe command, stands for the arguments in FILE, one a line.\n", t.Name)
	_, err := io.WriteString(w, b.String())
	return err
}

// oneLine makes an error fit for a log: joined errors are put behind one
// another, and what a terminal would obey, which may come from a file's content, is
// shown.
func oneLine(err error) string {
	return printable.Text(strings.ReplaceAll(strings.TrimSpace(err.Error()), "\n", "; "))
}
