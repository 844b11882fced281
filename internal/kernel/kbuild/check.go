// SPDX-License-Identifier: Apache-2.0

package kbuild

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/cli/atomicfile"
)

// Check looks for programs on the PATH and C headers among the compiler's, each
// given as NAME=PACKAGE, a name with .h being a header. All that is missing is
// one error, with the command that installs it on Debian; of the programs that
// may be missing it says where they are, if they are. The result, a line for
// each, is written to out: it is an input of what these programs build, so the
// versions of those that decide what that is are in it.
func Check(needs, optional []string, out string) error {
	var found strings.Builder
	var missing, packages []string
	for _, need := range slices.Compact(sorted(slices.Clone(needs))) {
		name, pkg, ok := strings.Cut(need, "=")
		if !ok || name == "" || pkg == "" {
			return fmt.Errorf("look for %q: expected NAME=PACKAGE", need)
		}
		where, err := find(name)
		if err != nil {
			missing = append(missing, name)
			packages = append(packages, pkg)
			continue
		}
		fmt.Fprintf(&found, "%s %s%s\n", name, where, version(where))
	}
	for _, name := range slices.Compact(sorted(slices.Clone(optional))) {
		if where, err := exec.LookPath(name); err == nil {
			fmt.Fprintf(&found, "%s %s%s\n", name, where, version(where))
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("this machine lacks %s, which the build needs; install them: apt-get install -y %s",
			strings.Join(missing, ", "), strings.Join(slices.Compact(sorted(packages)), " "))
	}
	return atomicfile.Write(out, 0o644, func(f *os.File) error {
		_, err := f.WriteString(found.String())
		return err
	})
}

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

var versioned = regexp.MustCompile(`[/.-](bpftool|clang|gcc|ld|lld|pahole|rustc)(-[0-9.]+)?$`)

func find(name string) (string, error) {
	if !strings.HasSuffix(name, ".h") {
		return exec.LookPath(name)
	}
	cmd := exec.Command("gcc", "-E", "-x", "c", "-o", os.DevNull, "-")
	cmd.Stdin = strings.NewReader("#include <" + name + ">\n")
	return "(header)", cmd.Run()
}
