// SPDX-License-Identifier: Apache-2.0

package bpfobject

import (
	"fmt"
	"maps"
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

// wordSize stands for asm/bitsperlong.h, which some architectures derive from
// the size of a long or of a pointer: those of eBPF have 64 bits in any kernel.
const wordSize = "#define __BITS_PER_LONG %d\n#include <asm-generic/bitsperlong.h>\n"

func uapiShims(word int) map[string]string {
	files := maps.Clone(shim)
	files["asm/bitsperlong.h"] = fmt.Sprintf(wordSize, word)
	return files
}

// kernelShims are for the kernel's own headers, in which noinline is a macro that
// libbpf's __noinline does not expect. eBPF has no asm goto: a program that uses
// a function with one gets an error that says so. Until 6.8 the headers
// write asm_volatile_goto, then asm_goto_output or plain asm goto
// (include/linux/compiler_types.h).
var kernelShims = map[string]string{
	"kernel.h": `#include <linux/types.h>
#define __noinline __attribute__((__noinline__))
#ifdef asm_volatile_goto
#undef asm_volatile_goto
#define asm_volatile_goto(x...) asm volatile("asm goto is of the kernel's machine")
#endif
#ifdef asm_goto_output
#undef asm_goto_output
#define asm_goto_output(x...) asm volatile("asm goto is of the kernel's machine")
#endif
#ifdef asm_inline
#undef asm_inline
#define asm_inline asm
#endif
`,
}

func writeShims(dir string, files map[string]string) error {
	for name, text := range files {
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
