// SPDX-License-Identifier: Apache-2.0

//go:build bazel

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/internal/headers/profile"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/kconfig"
	"github.com/rules-kheaders/rules_kheaders/tests/internal/testinput"
)

// The modules that the targets are tried on. The importer lacks the namespace
// that nsdeps is to add, and has a comment that W=1 complains of.
var sources = map[string]string{
	"Kbuild": `obj-m := exporter.o importer.o
hostprogs-always-$(CONFIG_LAB_PROGRAMS) += hosttool
userprogs-always-$(CONFIG_LAB_PROGRAMS) += usertool
`,
	"exporter.c": `// SPDX-License-Identifier: GPL-2.0
#include <linux/module.h>
int exporter_answer(int question);
/**
 * exporter_answer() - answers
 */
int exporter_answer(int question) { return question * 6; }
EXPORT_SYMBOL_GPL(exporter_answer);
MODULE_DESCRIPTION("Exports a symbol");
MODULE_LICENSE("GPL");
`,
	"importer.c": `// SPDX-License-Identifier: GPL-2.0
#include <linux/module.h>
int exporter_answer(int question);
static int __init importer_init(void) { return exporter_answer(0); }
module_init(importer_init);
MODULE_DESCRIPTION("Uses it");
MODULE_LICENSE("GPL");
`,
	"hosttool.c": "int main(void) { return 0; }\n",
	"usertool.c": "int main(void) { return 0; }\n",
	// Coccinelle, as far as scripts/nsdeps can tell.
	"spatch": `#!/bin/sh
case "$1" in
--version) echo "spatch version 1.1.1 compiled with OCaml version 4.13.1" ;;
*) while [ "$1" != --sp-file ]; do shift; done; test -s "$2" && echo "$2" >>"${0%/*}/spatch.log" ;;
esac
`,
}

// kernel is an unpacked archive that can be written to, with its host tools.
type kernel struct {
	tree             string
	release, version string
	series           profile.Series
	variables        []string // for make
}

func unpacked(t *testing.T) kernel {
	t.Helper()
	k := kernel{tree: filepath.Join(t.TempDir(), "tree")}
	command(t, "cp", "-rL", testinput.File(t, "TREE"), k.tree)
	command(t, "chmod", "-R", "u+w", k.tree)
	command(t, "make", "-s", "-C", k.tree, "-f", "scripts/Makefile.hosttools")
	text, err := os.ReadFile(filepath.Join(k.tree, "include/config/kernel.release"))
	if err != nil {
		t.Fatal(err)
	}
	k.release = strings.TrimSpace(string(text))
	k.version, _, _ = strings.Cut(k.release, "-")
	k.variables = []string{"ARCH=x86_64", "PAHOLE=none"}
	config, err := kconfig.ReadFile(filepath.Join(k.tree, "include/config/auto.conf"))
	if err != nil {
		t.Fatal(err)
	}
	if config["CONFIG_CC_IS_CLANG"] == "y" {
		k.variables = append(k.variables, "LLVM=1")
	}
	if k.series, err = profile.ParseSeries(k.release); err != nil {
		t.Fatal(err)
	}
	return k
}

func command(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
}

// make runs a target for a directory of the modules.
func (k kernel) make(dir string, args []string) (string, error) {
	line := append([]string{"-C", k.tree, "M=" + dir}, k.variables...)
	for _, a := range args {
		line = append(line, strings.ReplaceAll(a, "$DIR", dir))
	}
	out, err := exec.Command("make", line...).CombinedOutput()
	return string(out), err
}

// try runs a target, and returns what is wrong with the result, or "".
func (k kernel) try(t *testing.T, x target) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range sources {
		// Without the namespace the importer is complete.
		if x.name == "nsdeps" && name == "exporter.c" {
			content = strings.Replace(content, "EXPORT_SYMBOL_GPL(exporter_answer)", k.exportNS(), 1)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, y := range targets {
		if x.first == y.name {
			if out, err := k.make(dir, y.args); err != nil {
				t.Fatalf("make %s: %v\n%s", y.name, err, out)
			}
		}
	}
	out, err := k.make(dir, x.args)
	if err != nil {
		return err.Error() + "\n" + out
	}
	expand := strings.NewReplacer("$RELEASE", k.release, "$VERSION", k.version).Replace
	needs := func(m member) bool { return m.in(k.series) }
	if (x.members == nil || slices.ContainsFunc(x.members, needs)) && !strings.Contains(out, expand(x.says)) {
		return "it does not print " + expand(x.says) + ":\n" + out
	}
	if strings.Contains(out, "No such file") || strings.Contains(out, "not found") || strings.Contains(out, "cannot open") {
		return "it complains:\n" + out
	}
	for _, pattern := range x.made {
		if found, _ := filepath.Glob(filepath.Join(dir, expand(pattern))); len(found) == 0 {
			return "there is no " + pattern + ":\n" + out
		}
	}
	for _, name := range x.gone {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return "there still is " + name + ":\n" + out
		}
	}
	return ""
}

// exportNS is an export into a namespace, whose name is a string since 6.13.
func (k kernel) exportNS() string {
	if k.series.Compare(profile.Series{Major: 6, Minor: 13}) >= 0 {
		return `EXPORT_SYMBOL_NS_GPL(exporter_answer, "LAB")`
	}
	return "EXPORT_SYMBOL_NS_GPL(exporter_answer, LAB)"
}

func TestTargets(t *testing.T) {
	k := unpacked(t)
	for _, x := range targets {
		if wrong := k.try(t, x); wrong != "" {
			t.Errorf("make %s: %s", x.name, wrong)
		}
	}
}

// Each member that the table gives to a target is needed by it.
func TestMembers(t *testing.T) {
	k := unpacked(t)
	for _, x := range targets {
		for _, m := range x.members {
			file := filepath.Join(k.tree, m.name)
			if !m.in(k.series) {
				continue
			}
			if err := os.Rename(file, file+".left-out"); err != nil {
				t.Errorf("the archive of %s lacks a member: %v", k.release, err)
				continue
			}
			if k.try(t, x) == "" {
				t.Errorf("make %s does without %s", x.name, m.name)
			}
			if err := os.Rename(file+".left-out", file); err != nil {
				t.Fatal(err)
			}
		}
	}
}
