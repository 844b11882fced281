// SPDX-License-Identifier: Apache-2.0

package kmodule

import (
	"slices"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/internal/headers/profile"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/kmake"
)

// What an archive holds of programs is looked at before a module is built, and
// made again where it does not run.
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
				// make signs when it installs; no module's build runs it.
				if row.Program != "" && row.Program != "sign-file" {
					names = append(names, row.Pattern.String())
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
