// SPDX-License-Identifier: Apache-2.0

package kbuild

import (
	"fmt"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/kernel/kconfig"
)

// checkHonoured is an error unless config has every option as the fragments,
// of which a later one wins, ask for it: Kconfig drops what its dependencies do
// not allow, in silence.
func checkHonoured(config string, fragments []string) error {
	got, err := kconfig.ReadFile(config)
	if err != nil {
		return err
	}
	want := make(map[string]string)
	from := make(map[string]string)
	for _, f := range fragments {
		options, err := kconfig.ReadFile(f)
		if err != nil {
			return err
		}
		for name, value := range options {
			want[name], from[name] = value, f
		}
	}
	var lost []string
	for name, value := range want {
		have, ok := got[name]
		if !ok {
			have = "n"
		}
		if have != value {
			lost = append(lost, fmt.Sprintf("%s=%s (%s has %s)", name, have, from[name], value))
		}
	}
	if len(lost) > 0 {
		return fmt.Errorf("configure the kernel: Kconfig dropped %s: a dependency is not enabled; enable it in a fragment",
			strings.Join(sorted(lost), ", "))
	}
	return nil
}
