// SPDX-License-Identifier: Apache-2.0

package kmodule

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/cli/infile"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/arch"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/kconfig"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/kmake"
)

// check says in words why the tree cannot build a module, before a compiler
// would say it in its own. It returns the kernel's configuration.
func (m Module) check() (map[string]string, error) {
	const auto = "include/config/auto.conf"
	for _, need := range []struct{ name, why string }{
		{"Makefile", "it is no kernel tree, or the archive's profile is 'tracing': pack it with profile = \"module\""},
		{"include/generated/autoconf.h", "the archive was packed from a tree that was not configured"},
		{auto, "the archive's profile is 'tracing': pack it with profile = \"module\""},
		{"Module.symvers", "without it the module would be built and then refused with 'no symbol version for module_layout': " +
			"take an archive that was packed after modpost"},
	} {
		if need.name == "Module.symvers" && m.Warn {
			continue
		}
		info, err := os.Stat(filepath.Join(m.Tree, need.name))
		if err != nil || info.Size() == 0 {
			return nil, fmt.Errorf("build from %s: no %s; %s", m.tree, need.name, need.why)
		}
	}
	if err := m.checkRelease(); err != nil {
		return nil, err
	}
	config, err := kconfig.ReadFile(filepath.Join(m.Tree, auto))
	if err != nil {
		return nil, err
	}
	return config, errors.Join(m.checkHostTools(config), m.checkBTF(config))
}

// checkRelease compares the release asked for with the archive's.
func (m Module) checkRelease() error {
	if m.Release == "" {
		return nil
	}
	text, err := infile.ReadFile(filepath.Join(m.Tree, "include/config/kernel.release"))
	if err != nil {
		return fmt.Errorf("build from %s: no include/config/kernel.release, so it cannot be told whether it is for %s", m.tree, m.Release)
	}
	if release := strings.TrimSpace(string(text)); release != m.Release {
		return fmt.Errorf("build from %s: the archive is for kernel release %s, expected %s (kernel_release)", m.tree, release, m.Release)
	}
	return nil
}

// makeTools is the way to host tools that run here.
const makeTools = "make the host tools for this machine from the kernel's source, by `kmodule host-tools` or the rule kheaders_host_tools"

// checkHostTools looks whether the tree's programs run here.
func (m Module) checkHostTools(config map[string]string) error {
	if why := hostToolProblem(m.Tree, config); why != "" {
		return fmt.Errorf("build from %s: %s; %s", m.tree, why, makeTools)
	}
	return nil
}

// hostToolProblem says which of the programs that a module's build runs does not
// run on this machine, and why, or "".
func hostToolProblem(tree string, config map[string]string) string {
	for _, tool := range kmake.HostTools {
		file := filepath.Join(tree, tool.Name)
		if _, err := os.Stat(file); err != nil {
			// The others are needed by some modules, or not with this compiler.
			if tool.Options == nil {
				return fmt.Sprintf("no %s; the archive was packed without host tools", tool.Name)
			}
			continue
		}
		on := func(option string) bool { return config[option] == "y" }
		if tool.Options != nil && !slices.ContainsFunc(tool.Options, on) {
			continue
		}
		if why := cannotRun(file); why != "" {
			return fmt.Sprintf("the host tool %s %s", tool.Name, why)
		}
	}
	return ""
}

// findArch sets Arch to what the archive was configured for. One that is given
// must be that, or one that is not known here.
func (m *Module) findArch(config map[string]string) error {
	if a, ok := arch.Of(config); ok {
		if m.Arch == "" {
			m.Arch = a.Name
		}
		if m.SrcArch() != a.Name {
			return fmt.Errorf("build from %s: --arch is %s, and the archive is for %s; leave --arch out, or take an archive for %s", m.tree, m.Arch, a.Name, m.Arch)
		}
		return nil
	}
	if m.Arch != "" {
		return nil
	}
	return fmt.Errorf("build from %s: include/config/auto.conf names no architecture that is known here (%s); give --arch",
		m.tree, strings.Join(arch.Names(), ", "))
}
