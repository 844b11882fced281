// SPDX-License-Identifier: Apache-2.0

// Package programs looks for what a build of a kernel or module runs and includes.
package programs

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/cli/atomicfile"
)

// A Need is a program, or a C header, whose name ends in .h, that must be there.
type Need struct {
	Name    string
	Package string // Debian's package of it
}

// Parse reads needs, each "NAME=PACKAGE".
func Parse(texts []string) ([]Need, error) {
	var needs []Need
	for _, text := range texts {
		name, pkg, ok := strings.Cut(text, "=")
		if !ok || name == "" || pkg == "" {
			return nil, fmt.Errorf("look for %q: expected NAME=PACKAGE", text)
		}
		needs = append(needs, Need{name, pkg})
	}
	return needs, nil
}

// Missing returns what of needs the PATH and gcc do not have: the names, and the
// packages, sorted, each once.
func Missing(needs []Need) (names, packages []string) {
	_, names, packages = look(needs)
	return names, packages
}

// look returns where needs are, one by one, and what is missing.
func look(needs []Need) (where, names, packages []string) {
	for _, n := range needs {
		at, err := find(n.Name)
		if err != nil {
			names = append(names, n.Name)
			packages = append(packages, n.Package)
		}
		where = append(where, at)
	}
	slices.Sort(packages)
	return where, names, slices.Compact(packages)
}

// find returns where a program is, or that gcc has a header.
func find(name string) (string, error) {
	if !strings.HasSuffix(name, ".h") {
		return exec.LookPath(name)
	}
	cmd := exec.Command("gcc", "-E", "-x", "c", "-o", os.DevNull, "-")
	cmd.Stdin = strings.NewReader("#include <" + name + ">\n")
	return "(header)", cmd.Run()
}

// Check looks for needs, each "NAME=PACKAGE". All that is missing is one error,
// with the command that installs it on Debian; of the programs that may be missing
// it says where they are, if they are. The result, a line for each, is written to
// out: it is an input of what these programs build, so the versions of those that
// decide what that is are in it.
func Check(needs, optional []string, out string) error {
	needs, optional = slices.Clone(needs), slices.Clone(optional)
	slices.Sort(needs)
	slices.Sort(optional)
	all, err := Parse(slices.Compact(needs))
	if err != nil {
		return err
	}
	where, names, packages := look(all)
	if len(names) > 0 {
		return fmt.Errorf("this machine lacks %s, which the build needs; install them: apt-get install -y %s",
			strings.Join(names, ", "), strings.Join(packages, " "))
	}
	var found strings.Builder
	for i, n := range all {
		fmt.Fprintf(&found, "%s %s%s\n", n.Name, where[i], version(where[i]))
	}
	for _, name := range slices.Compact(optional) {
		if at, err := exec.LookPath(name); err == nil {
			fmt.Fprintf(&found, "%s %s%s\n", name, at, version(at))
		}
	}
	return atomicfile.WriteBytes(out, 0o644, []byte(found.String()))
}

var versioned = regexp.MustCompile(`[/.-](bpftool|clang|gcc|ld|lld|pahole|rustc)(-[0-9.]+)?$`)

// version is what a compiler, linker, bpftool or pahole says of itself in its first line,
// after a blank; nothing of other programs.
func version(program string) string {
	if !versioned.MatchString(program) {
		return ""
	}
	out, err := exec.Command(program, "--version").Output()
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(string(out), "\n")
	return " " + line
}
