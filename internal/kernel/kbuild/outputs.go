// SPDX-License-Identifier: Apache-2.0

package kbuild

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/headers/elfstrip"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/kmake"
)

// intermediate says whether a file is what a build leaves beside its results.
func intermediate(name string) bool {
	base := filepath.Base(name)
	return hasAnySuffix(name, ".o", ".a", ".mod", ".mod.c", ".ko", ".d", ".tmp", ".order") ||
		strings.HasPrefix(base, ".") || strings.HasPrefix(base, "vmlinux")
}

// writeHeaders writes the candidates for an archive. Which of them go in is the
// profile's business; this only leaves out what no profile can want.
func (k Kernel) writeHeaders(src, obj string) error {
	arch := "arch/" + k.SrcArch()
	source, err := files(src, []string{"COPYING", "LICENSES", "Makefile", "Kbuild", "include", "scripts", "tools", arch}, func(name string) bool {
		if strings.HasPrefix(name, "tools/") {
			return toolSource(name, k.SrcArch())
		}
		if strings.HasPrefix(name, arch+"/") {
			return strings.Contains(name, "/include/") || strings.HasPrefix(filepath.Base(name), "Makefile") ||
				strings.HasPrefix(filepath.Base(name), "Kbuild") || hasAnySuffix(name, ".h", ".lds", ".sh")
		}
		return true
	})
	if err != nil {
		return err
	}
	object, err := files(obj, []string{"include", "scripts", "usr/include", arch + "/include", "arch/" + k.SrcArch() + "/kernel"}, func(name string) bool {
		if intermediate(name) {
			return false
		}
		if strings.HasPrefix(name, "usr/include/") {
			return k.UAPI && strings.HasSuffix(name, ".h")
		}
		if strings.HasPrefix(name, arch+"/kernel/") {
			return hasAnySuffix(name, ".lds", ".h")
		}
		// Kconfig's own copy, one empty file an option: fixdep's business.
		return !strings.HasPrefix(name, "include/config/") || !emptyFile(filepath.Join(obj, name))
	})
	if err != nil {
		return err
	}
	for _, tool := range kmake.HostTools { // those outside scripts
		if _, err := os.Stat(filepath.Join(obj, tool.Name)); err == nil {
			object = append(object, tool.Name)
		}
	}
	object = slices.Compact(sorted(object))
	// Stripping a copy keeps make's view.
	tools := filepath.Join(k.Scratch, "tools")
	stripped, err := stripPrograms(obj, tools, object)
	if err != nil {
		return err
	}
	keep := slices.DeleteFunc(object, func(name string) bool { return slices.Contains(stripped, name) })
	return writeTarFile(k.Headers, tarPart{dir: src, names: source}, tarPart{dir: obj, names: keep}, tarPart{dir: tools, names: stripped})
}

// toolSource says whether a file of tools/ is one that host tools are compiled
// from, or that W=1 runs.
func toolSource(name, srcArch string) bool {
	for _, dir := range []string{
		"arch/" + srcArch, "bpf/resolve_btfids", "build", "include", "lib/bpf", "lib/python", "lib/subcmd", "objtool", "scripts",
	} {
		if strings.HasPrefix(name, "tools/"+dir+"/") {
			return true
		}
	}
	return name == "tools/docs/kernel-doc" || strings.HasSuffix(name, ".c") && filepath.Dir(name) == "tools/lib"
}

// stripPrograms writes those of the files of obj that are programs or plugins
// to dir, without symbols and paths of the build, and returns their names.
func stripPrograms(obj, dir string, names []string) (stripped []string, err error) {
	for _, name := range names {
		if !strings.HasPrefix(name, "scripts/") && !strings.HasPrefix(name, "tools/") {
			continue
		}
		from, to := filepath.Join(obj, name), filepath.Join(dir, name)
		p, err := os.ReadFile(from)
		if err != nil {
			return nil, err
		}
		if !elfstrip.Is(p) {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(to, elfstrip.Strip(p), 0o755); err != nil {
			return nil, err
		}
		stripped = append(stripped, name)
	}
	return stripped, nil
}

func emptyFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Size() == 0
}

// makeImageTree writes what `make bzImage` or `make Image` reads beside
// vmlinux: the architecture's sources, headers, scripts, and what the build
// made of them. On x86 the image is made once, so that its wrapper's objects are
// there; what is made of vmlinux itself is left out.
func (k Kernel) makeImageTree(src, obj string) error {
	if k.SrcArch() == "x86" {
		if _, err := k.make(src, obj, k.embed(k.Placeholder), "bzImage"); err != nil {
			return err
		}
	}
	arch := "arch/" + k.SrcArch()
	boot := arch + "/boot/"
	const stub = "drivers/firmware/efi/libstub/"
	source, err := files(src, []string{"Makefile", "Kbuild", "include", "lib", "scripts", "tools/include", arch, stub}, func(name string) bool {
		// arch/arm64/boot/Makefile includes Makefile.zboot.
		if strings.HasPrefix(name, stub) {
			return strings.HasPrefix(filepath.Base(name), "Makefile")
		}
		return !hasAnySuffix(name, ".dts", ".dtsi", ".rst", ".txt")
	})
	if err != nil {
		return err
	}
	object, err := files(obj, []string{".config", "include", "scripts", arch, stub, "System.map", "Module.symvers"}, func(name string) bool {
		switch {
		case strings.HasPrefix(name, boot):
			return !madeOfVmlinux(filepath.Base(name))
		case strings.HasPrefix(name, stub), name == ".config":
			return true
		case strings.HasPrefix(name, "include/config/"):
			return true
		case strings.HasPrefix(name, arch+"/tools/"):
			return !hasAnySuffix(name, ".o")
		}
		return !intermediate(name) || strings.HasPrefix(name, "scripts/") && strings.HasPrefix(filepath.Base(name), ".") && strings.HasSuffix(name, ".cmd")
	})
	if err != nil {
		return err
	}
	return writeTarFile(k.ImageTree, tarPart{dir: src, prefix: "source/", names: source}, tarPart{obj, "object/", object, k.Scratch})
}

// madeOfVmlinux says whether a file of arch/*/boot is made straight from vmlinux
// (arch/x86/boot/compressed/Makefile: vmlinux.bin, voffset.h) or is an image.
// The table of relocations is kept: stamping changes none, and from 6.12 on it is
// made when vmlinux is linked.
func madeOfVmlinux(base string) bool {
	name := strings.TrimSuffix(strings.TrimPrefix(base, "."), ".cmd")
	return name != "vmlinux.relocs" && strings.HasPrefix(name, "vmlinux") && name != "vmlinux.lds" ||
		name == "voffset.h" || strings.HasPrefix(name, "bzImage") || strings.HasPrefix(name, "Image")
}

// writeObjects writes all that the build made, empty directories too: Kbuild
// looks for some files by way of them (obj/../../include).
func (k Kernel) writeObjects(obj string) error {
	all, err := state(obj)
	if err != nil {
		return err
	}
	var names []string
	for _, f := range all {
		// A link leads out of the tree, to the source.
		if f.path != "." && f.mode&os.ModeSymlink == 0 {
			names = append(names, f.path)
		}
	}
	return writeTarFile(k.Objects, tarPart{obj, "", names, k.Scratch})
}
