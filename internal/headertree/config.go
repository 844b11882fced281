// SPDX-License-Identifier: Apache-2.0

package headertree

import (
	"fmt"
	"slices"
	"strings"
)

// maxShown is how many differences an error names.
const maxShown = 5

// differences names the options of two configurations that are not the same,
// but for what Kconfig asks the build machine's programs.
func differences(given, made map[string]string) []string {
	var all []string
	for name := range union(given, made) {
		had, has := value(given, name), value(made, name)
		if had != has && !probed(name) {
			all = append(all, fmt.Sprintf("%s is %s there and %s here", name, had, has))
		}
	}
	slices.Sort(all)
	if more := len(all) - maxShown; more > 0 {
		all = append(all[:maxShown], fmt.Sprintf("and %d more", more))
	}
	return all
}

func union(a, b map[string]string) map[string]bool {
	names := make(map[string]bool)
	for _, m := range []map[string]string{a, b} {
		for name := range m {
			names[name] = true
		}
	}
	return names
}

// value is an option's; one that is not named is not set.
func value(options map[string]string, name string) string {
	if v, ok := options[name]; ok && v != "" {
		return v
	}
	return "n"
}

// chosen are the beginnings of options that a person sets, though their names
// begin like those of probed: the ones with a prompt in 6.1 to 7.2. The kind of
// compiler is as good as chosen.
var chosen = []string{
	"CONFIG_CC_IS_", "CONFIG_LD_IS_", "CONFIG_AS_IS_", "CONFIG_CC_OPTIMIZE", "CONFIG_CC_STACKPROTECTOR", "CONFIG_GCC_PLUGIN",
	"CONFIG_LD_DEAD_CODE_DATA_ELIMINATION", "CONFIG_LD_HEAD_STUB_CATCH", "CONFIG_LD_NO_RELAX", "CONFIG_LD_SCRIPT_DYN_RPATH",
}

// probed says whether an option only tells what the compiler is or can do:
// init/Kconfig, the top of it.
func probed(name string) bool {
	begins := func(prefix string) bool { return strings.HasPrefix(name, prefix) }
	return !slices.ContainsFunc(chosen, begins) && slices.ContainsFunc([]string{
		"CONFIG_CC_", "CONFIG_LD_", "CONFIG_AS_", "CONFIG_RUSTC_", "CONFIG_GCC_", "CONFIG_CLANG_", "CONFIG_LLD_", "CONFIG_PAHOLE_",
		"CONFIG_TOOLS_SUPPORT_", "CONFIG_BINDGEN_",
	}, begins)
}
