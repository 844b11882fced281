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

// probed says whether an option only tells what the compiler is or can do:
// init/Kconfig, the top of it. The kind of compiler is no such option.
func probed(name string) bool {
	for _, kind := range []string{"CONFIG_CC_IS_", "CONFIG_LD_IS_", "CONFIG_AS_IS_", "CONFIG_CC_OPTIMIZE", "CONFIG_CC_STACKPROTECTOR"} {
		if strings.HasPrefix(name, kind) {
			return false
		}
	}
	for _, prefix := range []string{"CONFIG_CC_", "CONFIG_LD_", "CONFIG_AS_", "CONFIG_RUSTC_", "CONFIG_GCC_", "CONFIG_CLANG_", "CONFIG_LLD_", "CONFIG_PAHOLE_", "CONFIG_TOOLS_SUPPORT_", "CONFIG_BINDGEN_"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
