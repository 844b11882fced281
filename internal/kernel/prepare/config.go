// SPDX-License-Identifier: Apache-2.0

package prepare

import (
	"fmt"
	"slices"

	"github.com/rules-kheaders/rules_kheaders/internal/kernel/kconfig"
)

// maxShown is how many differences an error names.
const maxShown = 5

// differences names the options of two configurations that are not the same,
// but for what Kconfig asks the build machine's programs.
func differences(given, made map[string]string) []string {
	var all []string
	for name := range union(given, made) {
		had, has := value(given, name), value(made, name)
		if had != has && !kconfig.Probed(name) {
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
