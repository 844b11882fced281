// SPDX-License-Identifier: Apache-2.0

package bpfobject

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/kernel/kconfig"
)

// A Mode is which headers of a kernel a program sees.
type Mode string

const (
	UAPI   Mode = "uapi"   // those that a kernel gives to programs
	BTF    Mode = "btf"    // none: vmlinux.h has the kernel's types
	Kernel Mode = "kernel" // those that the kernel is compiled with
)

// A kernel is what the flags of a compiler depend on, beside its target.
type kernel struct {
	major, minor int
	config       map[string]string
}

func (k kernel) since(major, minor int) bool {
	return k.major > major || k.major == major && k.minor >= minor
}

// readKernel reads the archive's configuration and release.
func (o *Object) readKernel() error {
	config, err := kconfig.ReadFile(filepath.Join(o.Tree, "include/config/auto.conf"))
	if err != nil {
		return fmt.Errorf("%w; it is no archive, or its profile is 'tracing': pack it with profile = \"module\"", err)
	}
	o.kernel = kernel{config: config}
	if o.target, err = targetOf(config); err != nil {
		return err
	}
	if o.Mode != Kernel {
		return nil
	}
	if _, ok := machines[o.target.name]; !ok || o.target.word != 64 {
		return fmt.Errorf(`headers = "kernel" is for x86-64 and arm64, and this kernel is %d-bit %s; set headers = "uapi" or "btf"`, o.target.word, o.target.name)
	}
	for _, option := range []string{"CONFIG_RANDSTRUCT", "CONFIG_GCC_PLUGIN_RANDSTRUCT"} {
		if config[option] == "y" {
			return errors.New(option + ` is set: the order of the kernel's fields is in no header; set headers = "btf"`)
		}
	}
	const file = "include/config/kernel.release"
	release, err := os.ReadFile(filepath.Join(o.Tree, file))
	if err != nil {
		return err
	}
	if _, err := fmt.Sscanf(string(release), "%d.%d", &o.kernel.major, &o.kernel.minor); err != nil {
		return fmt.Errorf("%s is %q: expected a kernel's release, as 6.1.0", file, strings.TrimSpace(string(release)))
	}
	return nil
}

// A machine is how clang compiles a kernel's headers for it.
type machine struct {
	triple map[bool]string // by whether it is big-endian (scripts/Makefile.clang)
	flags  []string        // arch/*/Makefile
}

var machines = map[string]machine{
	"arm64": {map[bool]string{false: "aarch64-linux-gnu", true: "aarch64_be-linux-gnu"}, []string{"-mgeneral-regs-only"}},
	"x86": {map[bool]string{false: "x86_64-linux-gnu"}, []string{
		"-m64", "-mno-80387", "-mno-mmx", "-mno-sse", "-mno-sse2", "-mno-avx", "-mno-red-zone", "-mcmodel=kernel", "-fcf-protection=none"}},
}

// kernelFlags are those of the kernel's own build that change what its headers
// say (top Makefile), and what no eBPF program can have.
func (o Object) kernelFlags() []string {
	flags := []string{"-D__KERNEL__", "-D__BPF_TRACING__", `-DKBUILD_MODNAME="bpf"`,
		"-std=gnu11", "-fshort-wchar", "-fno-strict-aliasing", "-fno-common", "-fno-PIE", "-fno-delete-null-pointer-checks", "-fwrapv",
		"-fno-stack-protector", "-fno-jump-tables", "-fno-unwind-tables", "-fno-asynchronous-unwind-tables",
		// Macros of the headers are written for the kernel's own choice of warnings.
		"-Wno-address-of-packed-member", "-Wno-compare-distinct-pointer-types", "-Wno-gnu-variable-sized-type-not-at-end",
		"-Wno-pointer-sign", "-Wno-tautological-compare", "-Wno-unused-value",
		// Programs that others build define KBUILD_MODNAME themselves.
		"-Wno-macro-redefined",
		// libbpf's headers have preserve_access_index, which clang knows for eBPF alone.
		"-Wno-unknown-attributes"}
	// 3bc753c06dd0 in Linux 6.2.
	if o.kernel.since(6, 2) {
		flags = append(flags, "-funsigned-char")
	}
	// 778740ee2d00 in Linux 6.19.
	if o.kernel.since(6, 19) {
		flags = append(flags, "-fms-extensions", "-Wno-microsoft-anon-tag")
	}
	// arch/arm64/Makefile; elsewhere a header has it.
	if o.target.name == "arm64" {
		switch {
		case o.kernel.config["CONFIG_KASAN_SW_TAGS"] == "y":
			flags = append(flags, "-DKASAN_SHADOW_SCALE_SHIFT=4")
		case o.kernel.config["CONFIG_KASAN_GENERIC"] == "y":
			flags = append(flags, "-DKASAN_SHADOW_SCALE_SHIFT=3")
		}
	}
	return append(flags, machines[o.target.name].flags...)
}

// uapiDirs are the directories of headers for programs, in the kernel's own
// order (top Makefile, USERINCLUDE).
func (t target) uapiDirs() []string {
	arch := "arch/" + t.name
	return []string{arch + "/include/uapi", arch + "/include/generated/uapi", "include/uapi", "include/generated/uapi"}
}

// headerDirs are where the mode's headers are in the tree.
func (o Object) headerDirs() []string {
	arch := "arch/" + o.target.name
	switch o.Mode {
	case BTF:
		return nil
	case Kernel:
		// LINUXINCLUDE.
		return append([]string{arch + "/include", arch + "/include/generated", "include"}, o.target.uapiDirs()...)
	}
	// linux/version.h, generated/ and what has no counterpart for programs.
	return append(o.target.uapiDirs(), "include")
}

// headerFlags let clang find the mode's headers.
func (o Object) headerFlags() ([]string, error) {
	var flags, first []string
	shims := filepath.Join(o.Scratch, "shim")
	switch o.Mode {
	case UAPI:
		// clang's BPF target does not know the inline assembler of the kernel's
		// own headers.
		if err := writeShims(shims, uapiShims(o.target.word)); err != nil {
			return nil, err
		}
		flags = append(o.target.defines(), "-isystem", shims)
		first = []string{filepath.Join(shims, "words.h"), filepath.Join(o.Tree, "include/linux/kconfig.h")}
	case Kernel:
		if err := writeShims(shims, kernelShims); err != nil {
			return nil, err
		}
		for _, name := range []string{"compiler-version.h", "kconfig.h", "compiler_types.h"} {
			file := filepath.Join(o.Tree, "include/linux", name)
			// compiler-version.h is there since 5.14.
			if _, err := os.Stat(file); err == nil {
				first = append(first, file)
			}
		}
		first = append(first, filepath.Join(shims, "kernel.h"))
	}
	for _, dir := range o.headerDirs() {
		flags = append(flags, "-isystem", filepath.Join(o.Tree, dir))
	}
	for _, file := range first {
		flags = append(flags, "-include", file)
	}
	return flags, nil
}
