// SPDX-License-Identifier: Apache-2.0

//go:build bazel

package archive

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/internal/archive/manifest"
	"github.com/rules-kheaders/rules_kheaders/internal/carrier/members"
	"github.com/rules-kheaders/rules_kheaders/tests/internal/testinput"
)

// silent are the members of the profile module that a build on 6.1 does without
// and does not say so.
var silent = map[string]string{
	".config":                       "scripts of drivers look options up there",
	"include/config/kernel.release": "modules_install names its directory by it, and so do the tools here",
	"scripts/pahole-version.sh":     "run where the configuration asks for BTF; optional in the table",
}

// other reports whether a member is for other targets (//tests/archive/targets),
// or of what host tools are compiled from.
func other(name string) bool {
	switch name {
	case "scripts/Makefile.clean", "scripts/Makefile.host", "scripts/Makefile.hosttools", "scripts/Makefile.modinst", "scripts/Makefile.userprogs",
		"scripts/depmod.sh", "scripts/kernel-doc", "scripts/nsdeps", "scripts/setlocalversion":
		return true
	}
	return slices.ContainsFunc([]string{"scripts/basic/", "scripts/clang-tools/", "scripts/coccinelle/", "scripts/genksyms/", "scripts/mod/"},
		func(dir string) bool { return strings.HasPrefix(name, dir) && filepath.Ext(name) != "" })
}

// complaint is what a build says that goes on without something.
var complaint = regexp.MustCompile(`(?i)not found|no such file|error|warning`)

// TestLeaveOneOut builds a module that exports in a directory that holds the members of the
// archive and nothing else, and then without each of them that is no header.
func TestLeaveOneOut(t *testing.T) {
	entries, err := members.List(testinput.File(t, "MANIFEST"))
	if err != nil {
		t.Fatal(err)
	}
	programs := []string{"scripts/basic/fixdep", "scripts/genksyms/genksyms", "scripts/mod/modpost"} // compiled below
	members := make(chan string, len(entries)+len(programs)+1)
	members <- "" // none left out
	for _, e := range entries {
		if !strings.HasSuffix(e.Name, ".h") && !other(e.Name) {
			members <- e.Name
		}
	}
	for _, name := range programs {
		members <- name
	}
	close(members)
	if len(members) < 15 {
		t.Fatalf("the archive has %d members that are no headers, want those of the profile module", len(members)-1)
	}

	source := testinput.File(t, "SOURCE")
	var mu sync.Mutex
	var got []string // what no build complained of
	var wg sync.WaitGroup
	for range 2 {
		tree := filepath.Join(t.TempDir(), "tree")
		run(t, ".", nil, "cp", "-rL", testinput.File(t, "TREE"), tree)
		run(t, ".", nil, "chmod", "-R", "u+w", tree)
		run(t, ".", nil, "make", "-s", "-C", tree, "-f", "scripts/Makefile.hosttools")
		wg.Add(1)
		go func() {
			defer wg.Done()
			for name := range members {
				out, err := buildWithout(tree, name, source)
				if err == nil && !complaint.MatchString(out) {
					mu.Lock()
					got = append(got, name)
					mu.Unlock()
				} else if name == "" {
					t.Errorf("with all members: %v\n%s", err, out)
				}
			}
		}()
	}
	wg.Wait()
	for _, name := range got {
		if _, ok := silent[name]; !ok && name != "" {
			t.Errorf("a module builds without %s and says nothing: is it needed?", name)
		}
	}
	for name, why := range silent {
		if !slices.Contains(got, name) && slices.ContainsFunc(entries, func(e manifest.Entry) bool { return e.Name == name }) {
			t.Errorf("a module does not build without %s, which was taken not to be needed (%s)", name, why)
		}
	}
}

// buildWithout builds a module in a tree that lacks a member, and returns what
// make said. The error is also that of a module that is not there.
func buildWithout(tree, name, source string) (string, error) {
	dir, err := os.MkdirTemp(filepath.Dir(tree), "module")
	if err != nil {
		return "", err
	}
	text, err := os.ReadFile(source)
	if err != nil {
		return "", err
	}
	for file, content := range map[string][]byte{"m.c": text, "Kbuild": []byte("obj-m := m.o\n")} {
		if err := os.WriteFile(filepath.Join(dir, file), content, 0o644); err != nil {
			return "", err
		}
	}
	if name != "" {
		path := filepath.Join(tree, name)
		if err := os.Rename(path, path+".left-out"); err != nil {
			return "", err
		}
		defer os.Rename(path+".left-out", path)
	}
	cmd := exec.Command("make", "-C", tree, "M="+dir, "ARCH=x86_64", "PAHOLE=none", "modules")
	out, err := cmd.CombinedOutput()
	if err == nil {
		_, err = os.Stat(filepath.Join(dir, "m.ko"))
	}
	return string(out), err
}
