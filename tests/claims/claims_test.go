// SPDX-License-Identifier: Apache-2.0

// Package claims compares what the documents claim with what .ci/run and
// .ci/nightly run: .ci/parts is the one list of both.
package claims

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

// A part is a line of .ci/parts.
type part struct{ script, name, claim, command string }

func parts(t *testing.T) []part {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, ".ci/parts"))
	if err != nil {
		t.Fatal(err)
	}
	var all []part
	for i, line := range strings.Split(string(text), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Split(line, " | ")
		if len(f) != 4 || f[0] != "run" && f[0] != "nightly" {
			t.Fatalf(".ci/parts:%d: got %q, want SCRIPT | PART | CLAIM | COMMAND", i+1, line)
		}
		all = append(all, part{f[0], f[1], f[2], f[3]})
	}
	return all
}

// label is a target of this workspace.
var label = regexp.MustCompile(`//(?:tests|examples|bench|soong|tools|packaging)(?:/[\w.-]+)*(?::[\w.-]+)?`)

// runs reports whether a command of the parts runs the target: by name, by a
// suite or a pattern of it, or by //... if it is not manual.
func runs(t *testing.T, all []part, target string) bool {
	t.Helper()
	dir, name, named := strings.Cut(strings.TrimSuffix(target, "/..."), ":")
	if !named {
		name = filepath.Base(dir)
	}
	for _, p := range all {
		words := strings.Fields(p.command)
		if i := slices.Index(words, "--"); i >= 0 && strings.Contains(p.command, "bazel run") {
			words = words[:i]
		}
		for _, w := range words {
			switch {
			case w == target, w == dir && name == filepath.Base(dir), name == filepath.Base(dir) && strings.HasPrefix(w, dir+":"), w == dir+":"+name, w == dir+":all", w == dir+"/...":
				return true
			case strings.HasPrefix(w, "//") && slices.Contains(suite(t, w), target):
				return true
			case w == "//...":
				if name == "all" || name == "..." || strings.HasSuffix(target, "/...") {
					return true
				}
				if s := stanza(t, dir, name); s != "" && !strings.Contains(s, `"manual"`) && strings.Contains(s, "test") {
					return true
				}
			}
		}
	}
	return false
}

// stanza is the call of a rule that declares a target, or "".
func stanza(t *testing.T, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, strings.TrimPrefix(dir, "//"), "BUILD.bazel"))
	if err != nil {
		t.Fatalf("%s:%s: %v", dir, name, err)
	}
	for _, call := range regexp.MustCompile(`(?ms)^\w+\(.*?^\)`).FindAllString(string(text), -1) {
		if strings.Contains(call, `name = "`+name+`"`) {
			return call
		}
	}
	return ""
}

// suite is what a test_suite holds.
func suite(t *testing.T, target string) []string {
	dir, name, ok := strings.Cut(target, ":")
	if !ok || strings.HasSuffix(dir, "...") || name == "all" {
		return nil
	}
	s := stanza(t, dir, name)
	if !strings.HasPrefix(s, "test_suite(") {
		return nil
	}
	return label.FindAllString(s, -1)
}

// documents are README and the guides, as sentences and rows of tables. The
// generated reference makes no claims of tests.
func documents(t *testing.T) map[string][]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "docs/*.md"))
	if err != nil || len(files) == 0 {
		t.Fatalf("documents: %v, %v", files, err)
	}
	all := map[string][]string{}
	for _, file := range append(files, filepath.Join(root, "README.md")) {
		if filepath.Base(file) == "reference.md" {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, paragraph := range regexp.MustCompile(`\n\s*\n|\n\|`).Split(string(text), -1) {
			joined := strings.Join(strings.Fields(paragraph), " ")
			all[filepath.Base(file)] = append(all[filepath.Base(file)], regexp.MustCompile(`[.;:!?] `).Split(joined, -1)...)
		}
	}
	return all
}

// Every target that a document names as a proof is run by a part.
func TestNamedTargetsRun(t *testing.T) {
	all := parts(t)
	proof := regexp.MustCompile(`^//(?:tests|examples|soong)\b`)
	seen := 0
	for file, sentences := range documents(t) {
		for _, s := range sentences {
			for _, target := range label.FindAllString(s, -1) {
				if !proof.MatchString(target) || !strings.HasPrefix(target, "//tests") && !strings.HasSuffix(target, "_test") && !strings.HasSuffix(target, "/...") {
					continue
				}
				seen++
				if !runs(t, all, target) {
					t.Errorf("%s names %s, which no part of .ci/parts runs: %q", file, target, s)
				}
			}
		}
	}
	if seen == 0 {
		t.Error("no document names a test")
	}
}

var (
	claims = regexp.MustCompile(`(?i)\b(tested|(is|are) booted|proven?)\b`)
	denies = regexp.MustCompile(`(?i)\b(not|never|nothing|cannot be|what was) (\w+ )?(tested|booted|run)\b|\buntested\b`)
)

// A sentence that says "tested" names what tests it.
func TestClaimsNameTheirTest(t *testing.T) {
	for file, sentences := range documents(t) {
		for _, s := range sentences {
			if !claims.MatchString(s) || denies.MatchString(s) || strings.HasPrefix(s, "#") {
				continue
			}
			if !label.MatchString(s) && !strings.Contains(s, ".ci/") && !strings.Contains(s, "](") {
				t.Errorf("%s claims a test and names none: %q", file, s)
			}
		}
	}
}

// The commands name targets that exist, and no part is listed twice.
func TestPartsExist(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range parts(t) {
		if seen[p.name] {
			t.Errorf("part %s is listed twice", p.name)
		}
		seen[p.name] = true
		for _, w := range strings.Fields(p.command) {
			target := label.FindString(w)
			if target == "" || target != w || strings.HasSuffix(w, "...") {
				continue
			}
			dir, name, ok := strings.Cut(target, ":")
			text, err := os.ReadFile(filepath.Join(root, strings.TrimPrefix(dir, "//"), "BUILD.bazel"))
			if err != nil {
				t.Errorf("part %s: %s: %v", p.name, target, err)
			} else if base, _ := strings.CutSuffix(name, "_test"); ok && name != "all" && !strings.Contains(string(text), `"`+base) {
				t.Errorf("part %s: %s is not in its BUILD.bazel", p.name, target)
			}
		}
	}
}
