// SPDX-License-Identifier: Apache-2.0

package kmodule

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/kernel/kmake"
)

// implied are flags that Kbuild gives to the compiler because of an option, and
// without asking it again (top Makefile, arch/*/Makefile).
var implied = []struct{ option, flag string }{
	{"CONFIG_CFI_CLANG", "-fsanitize=kcfi"},
	{"CONFIG_INIT_STACK_ALL_PATTERN", "-ftrivial-auto-var-init=pattern"},
	{"CONFIG_INIT_STACK_ALL_ZERO", "-ftrivial-auto-var-init=zero"},
	{"CONFIG_MITIGATION_SLS", "-mharden-sls=all"},
	{"CONFIG_SHADOW_CALL_STACK", "-fsanitize=shadow-call-stack"},
	{"CONFIG_SLS", "-mharden-sls=all"},
	{"CONFIG_ZERO_CALL_USED_REGS", "-fzero-call-used-regs=used-gpr"},
}

// How gcc, with plain quotes, and clang refuse a flag, and a value of one.
var (
	unknownFlag  = regexp.MustCompile(`(?:unrecognized command[- ]line option|unrecognized argument in option|unknown argument:|unsupported option) '([^']*)'`)
	unknownValue = regexp.MustCompile(`unrecognized argument to '([^']*)' option: '([^']*)'`)
	noValue      = regexp.MustCompile(`unsupported argument '([^']*)' to option '([^']*)'`)
)

// checkFlags fails if the compiler does not know a flag that modules of the
// kernel are compiled with.
func (m Module) checkFlags(config map[string]string) error {
	flags := m.kbuildFlags()
	if len(flags) == 0 {
		for _, i := range implied {
			if config[i.option] == "y" {
				flags = append(flags, i.flag)
			}
		}
		if alignment := config["CONFIG_FUNCTION_ALIGNMENT"]; config["CONFIG_CC_HAS_MIN_FUNCTION_ALIGNMENT"] == "y" {
			flags = append(flags, "-fmin-function-alignment="+alignment)
		}
	}
	if len(flags) == 0 {
		return nil
	}
	out, err := kmake.Run(io.Discard, m.Tree, m.Scratch, m.cc(), append(flags, "-fsyntax-only", "-x", "c", "/dev/null")...)
	if err == nil {
		return nil
	}
	var unknown []string
	for _, found := range unknownFlag.FindAllSubmatch(out, -1) {
		unknown = append(unknown, string(found[1]))
	}
	for _, found := range unknownValue.FindAllSubmatch(out, -1) {
		unknown = append(unknown, string(found[1])+string(found[2]))
	}
	for _, found := range noValue.FindAllSubmatch(out, -1) {
		unknown = append(unknown, string(found[2])+string(found[1]))
	}
	if len(unknown) == 0 {
		return nil // a compiler that cannot compile at all says so itself
	}
	slices.Sort(unknown)
	by := versionText(config)
	if by == "" {
		by = "a newer one"
	}
	return fmt.Errorf("build from %s: %s does not know %s, with which the kernel was built by %s; install that compiler%s, or name one that knows it",
		m.tree, m.cc(), strings.Join(slices.Compact(unknown), ", "), by, m.packages(versionText(config)))
}

// kbuildFlags are the flags of every C source of a module, of which make is asked.
func (m Module) kbuildFlags() []string {
	const goal = "rules-kheaders-flags"
	const mark = "flags of C: "
	eval := "--eval=" + goal + ": ; @:$(info " + mark + "$(KBUILD_CFLAGS) $(KBUILD_CFLAGS_MODULE))"
	out, err := kmake.Run(io.Discard, m.dir, m.Scratch, "make", append(m.Args(), "-s", "-C", m.Tree, "M="+m.dir, eval, goal)...)
	if err != nil {
		return nil
	}
	_, after, ok := bytes.Cut(out, []byte(mark))
	if !ok {
		return nil
	}
	line, _, _ := strings.Cut(string(after), "\n")
	flags, err := split(line)
	if err != nil {
		return nil
	}
	return flags
}
