// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"github.com/rules-kheaders/rules_kheaders/internal/headers/profile"
)

// A target is something that make does for a module outside the kernel's tree.
type target struct {
	name  string   // as a user writes it
	args  []string // for make; $DIR is the module's directory
	first string   // a target that runs before it
	made  []string // patterns of files that it makes in the module's directory
	gone  []string // files that it removes
	says  string   // part of its output, if the series needs one of members or none has any; $RELEASE and $VERSION are the kernel's
	// members are what make opens for this target and not for modules. Without
	// any of them it fails, or makes less.
	members []member
	note    string // for a target without members
}

// A member of the archive, and the series that need it; zero is no limit.
type member struct {
	name        string
	from, until profile.Series
}

func (m member) when() string {
	switch none := (profile.Series{}); {
	case m.from != none:
		return fmt.Sprintf(" from %s", m.from)
	case m.until != none:
		return fmt.Sprintf(" until %s", m.until)
	}
	return ""
}

// in reports whether a series needs the member.
func (m member) in(s profile.Series) bool {
	return s.Compare(m.from) >= 0 && (m.until == profile.Series{} || s.Compare(m.until) <= 0)
}

// targets are those that `make help` has for modules outside the tree, of 6.1 to
// 7.2, and what a Kbuild file of such a module can ask for.
var targets = []target{
	{
		name: "modules", args: []string{"modules"}, made: []string{"importer.ko", "exporter.ko", "Module.symvers", "modules.order"},
		note: "what `//tests/archive:leaveout_test` finds to be needed",
	},
	{
		name: "modules W=1", args: []string{"modules", "W=1"}, made: []string{"importer.ko"}, says: "not described in 'exporter_answer'",
		members: []member{
			{name: "scripts/kernel-doc", until: profile.Series{Major: 6, Minor: 18}},
		},
	},
	{
		name: "modules_install", first: "modules",
		// Signing needs the kernel's key, which no archive has.
		args:    []string{"modules_install", "INSTALL_MOD_PATH=$DIR/installed", "CONFIG_MODULE_SIG_ALL="},
		made:    []string{"installed/lib/modules/$RELEASE/*/importer.ko"},
		members: []member{{name: "scripts/Makefile.modinst"}},
	},
	{
		name: "clean", first: "modules", args: []string{"clean"}, gone: []string{"importer.ko", "importer.o", "Module.symvers"},
		members: []member{{name: "scripts/Makefile.clean"}},
	},
	{
		name: "nsdeps", args: []string{"nsdeps", "SPATCH=$DIR/spatch"}, made: []string{"spatch.log"}, says: "Adding namespace LAB to module",
		members: []member{{name: "scripts/nsdeps"}, {name: "scripts/coccinelle/misc/add_namespace.cocci"}},
	},
	{
		name: "compile_commands.json", first: "modules", args: []string{"compile_commands.json"}, made: []string{"compile_commands.json"},
		members: []member{{name: "scripts/clang-tools/gen_compile_commands.py"}},
	},
	{
		name: "kernelrelease", args: []string{"-s", "kernelrelease"}, says: "$RELEASE",
		members: []member{{name: "scripts/setlocalversion", until: profile.Series{Major: 6, Minor: 1}}},
	},
	{name: "kernelversion", args: []string{"-s", "kernelversion"}, says: "$VERSION", note: "`Makefile`"},
	{
		name: "exporter.o, exporter.i, exporter.s", args: []string{"exporter.o", "exporter.i", "exporter.s"},
		made: []string{"exporter.o", "exporter.i", "exporter.s"}, note: "as `modules`",
	},
	{
		name: "modules, with hostprogs and userprogs", args: []string{"modules", "CONFIG_LAB_PROGRAMS=y"},
		made:    []string{"importer.ko", "hosttool", "usertool"},
		members: []member{{name: "scripts/Makefile.host"}, {name: "scripts/Makefile.userprogs"}},
	},
	{name: "help", args: []string{"help"}, says: "  modules_install - install the module", note: "`Makefile`"},
}
