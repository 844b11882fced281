// SPDX-License-Identifier: Apache-2.0

package spdx

import "regexp"

// named are the lines by which a file of the kernel's LICENSES says which licences
// or exception it has the text of.
var named = regexp.MustCompile(`(?m)^(?:Valid-License-Identifier|SPDX-Exception-Identifier):[ \t]*(\S+)[ \t]*$`)

// Named returns the licences that a file of the kernel's LICENSES is the text of.
func Named(p []byte) (ids []string) {
	for _, m := range named.FindAllSubmatch(p, -1) {
		ids = append(ids, string(m[1]))
	}
	return ids
}

// known are those of SPDX's list of licences and exceptions that kernel files
// name: of LICENSES in 5.10 to 7.2, and what its files name beside.
var known = map[string]bool{
	"0BSD": true, "Apache-2.0": true, "BSD-1-Clause": true, "BSD-2-Clause": true, "BSD-3-Clause": true, "BSD-3-Clause-Clear": true,
	"BSL-1.0": true, "CC-BY-4.0": true, "CC-BY-SA-4.0": true, "CC0-1.0": true, "CDDL-1.0": true,
	"GFDL-1.1": true, "GFDL-1.1-no-invariants-only": true, "GFDL-1.1-no-invariants-or-later": true, "GFDL-1.1-only": true, "GFDL-1.1-or-later": true,
	"GFDL-1.2": true, "GFDL-1.2-no-invariants-only": true, "GFDL-1.2-no-invariants-or-later": true, "GFDL-1.2-only": true, "GFDL-1.2-or-later": true,
	"GPL-1.0": true, "GPL-1.0+": true, "GPL-1.0-only": true, "GPL-1.0-or-later": true,
	"GPL-2.0": true, "GPL-2.0+": true, "GPL-2.0-only": true, "GPL-2.0-or-later": true, "GPL-3.0-or-later": true, "GPL-3.0+": true,
	"ISC": true, "LGPL-2.0": true, "LGPL-2.0+": true, "LGPL-2.0-only": true, "LGPL-2.0-or-later": true,
	"LGPL-2.1": true, "LGPL-2.1+": true, "LGPL-2.1-only": true, "LGPL-2.1-or-later": true,
	"Linux-OpenIB": true, "MIT": true, "MPL-1.1": true, "OFL-1.1": true, "OpenSSL": true, "Python-2.0": true, "Unlicense": true,
	"X11": true, "Zlib": true, "copyleft-next-0.3.1": true,
	"GCC-exception-2.0": true, "Linux-syscall-note": true, "GCC-exception-3.1": true, "Bison-exception-2.2": true, "LLVM-exception": true,
}
