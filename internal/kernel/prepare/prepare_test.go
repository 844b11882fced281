// SPDX-License-Identifier: Apache-2.0

package prepare

import (
	"slices"
	"strings"
	"testing"
)

func TestDifferences(t *testing.T) {
	for _, tt := range []struct {
		name        string
		given, made map[string]string
		want        []string
	}{
		{"same", map[string]string{"CONFIG_A": "y"}, map[string]string{"CONFIG_A": "y"}, nil},
		{"not named", map[string]string{"CONFIG_A": "n"}, map[string]string{}, nil},
		{"changed", map[string]string{"CONFIG_A": "y"}, map[string]string{"CONFIG_A": "m"}, []string{"CONFIG_A is y there and m here"}},
		{"new", map[string]string{}, map[string]string{"CONFIG_B": "4"}, []string{"CONFIG_B is n there and 4 here"}},
		{"another version", map[string]string{"CONFIG_GCC_VERSION": "120200", "CONFIG_CC_VERSION_TEXT": `"gcc 12"`},
			map[string]string{"CONFIG_GCC_VERSION": "160000", "CONFIG_CC_VERSION_TEXT": `"gcc 16"`, "CONFIG_CC_HAS_INT128": "y"}, nil},
		{"another compiler", map[string]string{"CONFIG_CC_IS_CLANG": "y"}, map[string]string{"CONFIG_CC_IS_GCC": "y"},
			[]string{"CONFIG_CC_IS_CLANG is y there and n here", "CONFIG_CC_IS_GCC is n there and y here"}},
		{"plugins that this gcc has not", map[string]string{"CONFIG_GCC_PLUGINS": "y", "CONFIG_GCC_PLUGIN_RANDSTRUCT": "y"}, nil,
			[]string{"CONFIG_GCC_PLUGINS is y there and n here", "CONFIG_GCC_PLUGIN_RANDSTRUCT is y there and n here"}},
		{"a choice of the linker's", map[string]string{"CONFIG_LD_DEAD_CODE_DATA_ELIMINATION": "y", "CONFIG_LD_ORPHAN_WARN": "y"}, nil,
			[]string{"CONFIG_LD_DEAD_CODE_DATA_ELIMINATION is y there and n here"}},
		{"many", map[string]string{"CONFIG_A": "y", "CONFIG_B": "y", "CONFIG_C": "y", "CONFIG_D": "y", "CONFIG_E": "y", "CONFIG_F": "y", "CONFIG_G": "y"}, nil,
			[]string{"CONFIG_A is y there and n here", "CONFIG_B is y there and n here", "CONFIG_C is y there and n here",
				"CONFIG_D is y there and n here", "CONFIG_E is y there and n here", "and 2 more"}},
	} {
		if got := differences(tt.given, tt.made); !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %s, want %s", tt.name, strings.Join(got, "; "), strings.Join(tt.want, "; "))
		}
	}
}

func TestCheckVersion(t *testing.T) {
	for _, tt := range []struct {
		release, version string
		good             bool
	}{
		{"6.1.192-lab", "6.1.192\n", true},
		{"6.1.192", "6.1.192", true},
		{"6.1.192", "6.1.19", false},
		{"6.1.0-50-amd64", "6.1.176", false},
	} {
		if err := checkVersion(tt.release, tt.version); (err == nil) != tt.good {
			t.Errorf("release %s of source %s: %v", tt.release, tt.version, err)
		}
	}
}
