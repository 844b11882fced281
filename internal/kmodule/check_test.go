// SPDX-License-Identifier: Apache-2.0

package kmodule

import (
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/internal/kmake"
	"github.com/rules-kheaders/rules_kheaders/internal/profile"
)

// What an archive holds of programs is looked at before a module is built, and
// made anew where it does not run.
func TestHostToolsAreTheProfiles(t *testing.T) {
	for _, series := range profile.Tested {
		asked := map[string]bool{}
		programs := func(option string) []string {
			p, err := profile.Load("module", series, "x86", func(o string) bool { asked[o] = true; return o == option })
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, row := range p.Rows {
				// What has a suffix is a script, and one script has none.
				name := row.Pattern.String()
				below := strings.HasPrefix(name, "scripts/") || strings.HasPrefix(name, "tools/")
				if below && row.Need == profile.Optional && path.Ext(name) == "" && name != "scripts/check-local-export" {
					names = append(names, name)
				}
			}
			return names
		}
		options := func(name string) (options []string, ok bool) {
			for _, tool := range kmake.HostTools {
				if tool.Name == name {
					return tool.Options, true
				}
			}
			return nil, false
		}
		always := programs("")
		if len(always) == 0 {
			t.Errorf("%s: the profile has no program", series)
		}
		for _, name := range always {
			if of, ok := options(name); !ok || of != nil {
				t.Errorf("%s: %s is looked at for %q, %v; want always", series, name, of, ok)
			}
		}
		for option := range asked {
			for _, name := range programs(option) {
				if of, ok := options(name); !slices.Contains(always, name) && (!ok || !slices.Contains(of, option)) {
					t.Errorf("%s: %s is looked at for %q, %v; want %s", series, name, of, ok, option)
				}
			}
		}
	}
}

func TestStripHostTools(t *testing.T) {
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "strip"), []byte("#!/bin/sh\necho stripped >$3\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	dir := tree(t, "", "scripts/recordmcount", "tool")
	if err := StripHostTools(io.Discard, dir, t.TempDir()); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"scripts/basic/fixdep": "stripped\n", "scripts/recordmcount": "stripped\n", "Makefile": whole["Makefile"]} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
			t.Errorf("%s is %q, %v; want %q", name, got, err, want)
		}
	}
	if exists(dir, "tools/objtool/objtool") {
		t.Error("a program was made that the tree has not")
	}
}
