// SPDX-License-Identifier: Apache-2.0

package kmake

// HostTools are the programs of the build machine that a module's build runs, by
// their path in the objects' tree; which of them a kernel has, its configuration
// says: scripts/package/install-extmod-build, scripts/Makefile.build.
var HostTools = []string{
	"scripts/basic/fixdep",
	"scripts/gendwarfksyms/gendwarfksyms",
	"scripts/genksyms/genksyms",
	"scripts/mod/modpost",
	"scripts/tracepoint-update",
	"tools/bpf/resolve_btfids/resolve_btfids",
	"tools/objtool/objtool",
}
