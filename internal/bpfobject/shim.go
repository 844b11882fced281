// SPDX-License-Identifier: Apache-2.0

package bpfobject

import (
	"os"
	"path/filepath"
)

// The headers that a kernel gives to programs lie in its tree as the kernel
// itself reads them. `make headers` takes the kernel's own words out
// (scripts/headers_install.sh); these files do the same by definitions.
var shim = map[string]string{
	// Annotations that say nothing to another compiler than the kernel's.
	"words.h": `#define __EXPORTED_HEADERS__
#define __user
#define __iomem
#define __force
#define __packed __attribute__((__packed__))
#define __attribute_const__ __attribute__((__const__))
`,
	// headers_install drops these two: they are the kernel's.
	"linux/compiler.h":       "",
	"linux/compiler_types.h": "",
}

func writeShim(dir string) error {
	for name, text := range shim {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// targetMacros say to the kernel's headers which machine they describe, as that
// machine's compiler would.
var targetMacros = map[string][]string{
	"arm":       {"-D__arm__"},
	"arm64":     {"-D__aarch64__"},
	"loongarch": {"-D__loongarch__", "-D__loongarch_grlen=64"},
	"powerpc":   {"-D__powerpc__", "-D__powerpc64__"},
	"riscv":     {"-D__riscv", "-D__riscv_xlen=64"},
	"s390":      {"-D__s390__", "-D__s390x__"},
	"x86":       {"-D__x86_64__"},
}
