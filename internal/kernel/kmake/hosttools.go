// SPDX-License-Identifier: Apache-2.0

package kmake

// HostTool is a program of a kernel's objects' tree that runs where modules are
// built.
type HostTool struct {
	Name    string   // its path in the tree
	Options []string // one of these makes a module's build run it; none for always
}

// HostTools are all of them: scripts/package/install-extmod-build and
// scripts/Makefile.build. internal/headers/profile has a row for each.
var HostTools = []HostTool{
	{"scripts/basic/fixdep", nil},
	{"scripts/mod/modpost", nil},
	{"scripts/genksyms/genksyms", []string{"CONFIG_MODVERSIONS"}},
	{"scripts/gendwarfksyms/gendwarfksyms", []string{"CONFIG_GENDWARFKSYMS"}},
	{"scripts/recordmcount", []string{"CONFIG_FTRACE_MCOUNT_USE_RECORDMCOUNT"}},
	{"scripts/tracepoint-update", []string{"CONFIG_TRACEPOINT_VERIFY_USED"}},
	// Until 5.18 objtool has no option of its own.
	{"tools/objtool/objtool", []string{"CONFIG_OBJTOOL", "CONFIG_STACK_VALIDATION"}},
	{"tools/bpf/resolve_btfids/resolve_btfids", []string{"CONFIG_DEBUG_INFO_BTF_MODULES"}},
}

// Plugins are gcc's, which it loads for each source of a module: of one gcc, and
// of the machine that it runs on (scripts/Makefile.gcc-plugins, of 4.9 to 7.2).
var Plugins = []HostTool{
	{"scripts/gcc-plugins/arm_ssp_per_task_plugin.so", []string{"CONFIG_GCC_PLUGIN_ARM_SSP_PER_TASK"}},
	{"scripts/gcc-plugins/cyc_complexity_plugin.so", []string{"CONFIG_GCC_PLUGIN_CYC_COMPLEXITY"}},
	{"scripts/gcc-plugins/latent_entropy_plugin.so", []string{"CONFIG_GCC_PLUGIN_LATENT_ENTROPY"}},
	{"scripts/gcc-plugins/randomize_layout_plugin.so", []string{"CONFIG_GCC_PLUGIN_RANDSTRUCT"}},
	{"scripts/gcc-plugins/sancov_plugin.so", []string{"CONFIG_GCC_PLUGIN_SANCOV"}},
	{"scripts/gcc-plugins/stackleak_plugin.so", []string{"CONFIG_GCC_PLUGIN_STACKLEAK"}},
	{"scripts/gcc-plugins/structleak_plugin.so", []string{"CONFIG_GCC_PLUGIN_STRUCTLEAK"}},
}
