// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"archive/tar"
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/internal/archive/manifest"
	"github.com/rules-kheaders/rules_kheaders/internal/headers/tree"
	"github.com/rules-kheaders/rules_kheaders/internal/headers/tree/treetest"
)

// kleafTrees are a source, and the objects' tree after `make modules_prepare` as
// Kleaf's tar of it.
func kleafTrees(t *testing.T, change func(source, object treetest.Files)) (list, objects string) {
	t.Helper()
	source, object := treetest.Source(), treetest.Objects()
	delete(source, "include/dt-bindings/input/ev.h") // a list has no links
	for _, gone := range []string{"vmlinux", "System.map", "Module.symvers", "certs/signing_key.pem"} {
		delete(object, gone)
	}
	object["include/config/KASAN"] = ""
	object["scripts/mod/modpost.o"] = "\x7fELF"
	object["scripts/mod/.modpost.cmd"] = "cmd\n"
	source["scripts/dtc/include-prefixes/arm"] = "a link to another architecture"
	source["drivers/char/mem.h"] = "#error no candidate\n"
	if change != nil {
		change(source, object)
	}
	dir := source.Write(t, t.TempDir())
	var lines strings.Builder
	for name := range source {
		lines.WriteString(name + "=" + filepath.Join(dir, name) + "\n")
	}
	list = filepath.Join(t.TempDir(), "srcs.params")
	if err := os.WriteFile(list, []byte(lines.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	return list, treetest.Tar{Prefix: "./", Gzip: true, Dirs: true}.Write(t, object)
}

func (g *Gathered) contents(t *testing.T) map[string]string {
	t.Helper()
	p, err := g.AppendTar(nil)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for r := tar.NewReader(bytes.NewReader(p)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return got
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		got[h.Name] = string(content)
	}
}

func TestGather(t *testing.T) {
	list, objects := kleafTrees(t, nil)
	release := filepath.Join(t.TempDir(), "kernel.release")
	if err := os.WriteFile(release, []byte("6.1.192-lab-g0123456789ab\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	g, err := Gather{Arch: "x86_64", Trees: []string{objects}, Lists: []string{list}, Release: release, Take: []string{".config"}}.Run()
	if err != nil {
		t.Fatal(err)
	}
	got := g.contents(t)
	for name, want := range map[string]string{
		"Makefile":                             treetest.Source()["Makefile"], // not what O= leaves there
		"arch/x86/include/asm/page.h":          treetest.Source()["arch/x86/include/asm/page.h"],
		"arch/x86/include/generated/asm/irq.h": treetest.Objects()["arch/x86/include/generated/asm/irq.h"],
		"scripts/mod/modpost":                  treetest.Objects()["scripts/mod/modpost"],
		"include/config/auto.conf":             treetest.Objects()["include/config/auto.conf"],
		"include/config/kernel.release":        "6.1.192-lab-g0123456789ab\n",
		"include/generated/utsrelease.h":       "#define UTS_RELEASE \"6.1.192-lab-g0123456789ab\"\n",
	} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
	for _, name := range []string{".config", "arch/arm64/include/asm/page.h", "drivers/char/mem.h", "include/config/KASAN",
		"scripts/dtc/include-prefixes/arm", "scripts/mod/.modpost.cmd", "scripts/mod/modpost.o", "source", "kernel/sched/core.c"} {
		if _, ok := got[name]; ok {
			t.Errorf("%s was gathered", name)
		}
	}
	if config := string(g.Taken(".config")); config != treetest.Objects()[".config"] {
		t.Errorf(".config is %q", config)
	}
}

// What two trees have alike is taken once, and from the first.
func TestGatherTwice(t *testing.T) {
	_, objects := kleafTrees(t, nil)
	headers := treetest.Tar{Prefix: "kernel-headers/", Gzip: true}.Write(t, treetest.Files{
		"include/generated/autoconf.h": treetest.Objects()["include/generated/autoconf.h"],
		"include/generated/late.h":     "#define MADE_LATE 1\n",
		"include/linux/kernel.h":       "#error the second\n",
		"arch/x86/include/asm/page.h":  "#error the second\n",
	})
	src := filepath.Join(t.TempDir(), "source")
	g, err := Gather{Arch: "x86", Trees: []string{objects, treetest.Source().Write(t, src), headers}}.Run()
	if err != nil {
		t.Fatal(err)
	}
	got := g.contents(t)
	if got["include/generated/late.h"] == "" || strings.Contains(got["include/linux/kernel.h"], "second") {
		t.Errorf("late.h is %q, kernel.h is %q", got["include/generated/late.h"], got["include/linux/kernel.h"])
	}
	if got["include/generated/utsrelease.h"] != treetest.Objects()["include/generated/utsrelease.h"] {
		t.Error("utsrelease.h was changed, and no release was given")
	}
}

// debianTree is a kernel's headers as Debian installs them: a flavour's directory
// and the one of all flavours, with links to the scripts' beside them.
func debianTree() treetest.Files {
	const src, kbuild = "usr/src/linux-headers-6.1.0-50-", "usr/lib/linux-kbuild-6.1/"
	f := treetest.Files{
		src + "amd64/Makefile":                         "include /usr/src/linux-headers-6.1.0-50-common/Makefile\n",
		src + "amd64/include/config/auto.conf":         "CONFIG_64BIT=y\n",
		src + "amd64/include/config/kernel.release":    "6.1.176\n",
		src + "amd64/include/generated/utsrelease.h":   "#define UTS_RELEASE \"6.1.0-50-amd64\"\n",
		src + "amd64/include/linux/both.h":             "the flavour's\n",
		src + "amd64/scripts":                          "-> ../../lib/linux-kbuild-6.1/scripts",
		src + "common/Makefile":                        "VERSION = 6\nPATCHLEVEL = 1\n",
		src + "common/include/linux/both.h":            "common\n",
		src + "common/scripts":                         "-> ../../lib/linux-kbuild-6.1/scripts",
		src + "common/arch/x86/include/asm/page.h":     "x86\n",
		src + "common/arch/alpha/include/asm/page.h":   "alpha\n",
		kbuild + "scripts/Makefile.build":              "# Makefile.build\n",
		kbuild + "scripts/mod/modpost":                 "#!debian",
		kbuild + "scripts/mod/modpost.real-lsb-32":     "#!lsb32",
		kbuild + "scripts/mod/modpost.real-lsb-64":     "#!lsb64",
		kbuild + "scripts/mod/modpost.real-msb-64":     "#!msb64",
		kbuild + "tools/objtool/objtool":               "#!debian",
		kbuild + "tools/objtool/objtool.real-x86":      "#!x86",
		kbuild + "tools/objtool/objtool.real-powerpc":  "#!powerpc",
		src + "amd64/tools":                            "-> ../../lib/linux-kbuild-6.1/tools",
		"usr/share/doc/linux-headers-6.1.0-50-amd64/c": "no header\n",
	}
	return f
}

func TestGatherRoots(t *testing.T) {
	roots := []string{"usr/src/linux-headers-6.1.0-50-amd64", "usr/src/linux-headers-6.1.0-50-common"}
	asGiven := []string{"/" + roots[0], roots[1] + "/"}
	for _, tt := range []struct{ config, modpost string }{
		{"CONFIG_64BIT=y\n", "#!lsb64"},
		{"# CONFIG_64BIT is not set\n", "#!lsb32"},
		{"CONFIG_CPU_BIG_ENDIAN=y\nCONFIG_64BIT=y\n", "#!msb64"},
		{"CONFIG_CPU_BIG_ENDIAN=y\n", ""}, // there is none for it, and the wrapper is of no use
	} {
		f := debianTree()
		f[roots[0]+"/include/config/auto.conf"] = tt.config
		var all [][]byte
		for _, where := range []string{f.Write(t, t.TempDir()), treetest.Tar{Prefix: "./", Dirs: true}.Write(t, f)} {
			g, err := Gather{Arch: "x86_64", Trees: []string{where}, Roots: asGiven, Take: []string{tree.ReleaseFile}}.Run()
			if err != nil {
				t.Fatal(err)
			}
			p, err := g.AppendTar(nil)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, p)
			got, want := g.contents(t), treetest.Files{
				"Makefile":                    f[roots[1]+"/Makefile"],
				"arch/x86/include/asm/page.h": "x86\n",
				"include/config/auto.conf":    tt.config,
				tree.ReleaseFile:              "6.1.0-50-amd64\n",
				tree.UTSFile:                  f[roots[0]+"/include/generated/utsrelease.h"],
				"include/linux/both.h":        "the flavour's\n",
				"scripts/Makefile.build":      "# Makefile.build\n",
				"tools/objtool/objtool":       "#!x86",
			}
			if tt.modpost != "" {
				want["scripts/mod/modpost"] = tt.modpost
			}
			if !maps.Equal(got, want) {
				t.Errorf("%q: got %q, want %q", tt.config, got, want)
			}
			if release := string(g.Taken(tree.ReleaseFile)); release != "6.1.0-50-amd64\n" {
				t.Errorf("release is %q", release)
			}
		}
		if !bytes.Equal(all[0], all[1]) {
			t.Error("a directory and a tar of it make two trees")
		}
	}
}

// A wrapper that runs nothing for the architecture is left out, and the one that a
// directory has is replaced in an archive of it too.
func TestHostToolWrappers(t *testing.T) {
	f := debianTree()
	f["usr/src/linux-headers-6.1.0-50-amd64/arch/arm64/Makefile"] = "# arm64\n"
	g, err := Gather{Arch: "arm64", Trees: []string{f.Write(t, t.TempDir())}, Roots: []string{"usr/src/linux-headers-6.1.0-50-amd64"}}.Run()
	if err != nil {
		t.Fatal(err)
	}
	if got := g.contents(t); got["tools/objtool/objtool"] != "" || got["scripts/mod/modpost"] != "#!lsb64" {
		t.Errorf("arm64: got objtool %q and modpost %q, want no objtool", got["tools/objtool/objtool"], got["scripts/mod/modpost"])
	}
	src, obj := treetest.Source(), treetest.Objects()
	for _, name := range []string{".config", "include/config/auto.conf"} {
		obj[name] += "CONFIG_OBJTOOL=y\n"
	}
	for name, content := range map[string]string{"scripts/basic/fixdep": "", "scripts/mod/modpost": "", "tools/objtool/objtool": "",
		"scripts/basic/fixdep.real-x86": "#!fixdep", "scripts/mod/modpost.real-lsb-64": "#!modpost", "tools/objtool/objtool.real-x86": "#!objtool"} {
		obj[name] = cmp.Or(content, "#!a wrapper")
	}
	r, _ := pack(t, options(t, src, obj))
	got := map[string][32]byte{}
	for _, e := range r.Manifest {
		got[e.Name] = e.SHA256
	}
	for name, want := range map[string]string{"scripts/basic/fixdep": "#!fixdep", "scripts/mod/modpost": "#!modpost", "tools/objtool/objtool": "#!objtool"} {
		if got[name] != sha256.Sum256([]byte(want)) {
			t.Errorf("pack: %s is not %s", name, want)
		}
	}
}

// What an architecture's headers outside its include directory are gathered and
// packed: um's are those of the machine that it runs on.
func TestHeadersOfOtherDirectories(t *testing.T) {
	for arch, names := range map[string][]string{
		"um":     {"arch/um/include/shared/os.h", "arch/x86/um/asm/elf.h", "arch/x86/um/shared/sysdep/ptrace.h", "arch/x86/include/asm/page.h", "arch/x86/Makefile.um"},
		"xtensa": {"arch/xtensa/variants/fsf/include/variant/core.h", "arch/xtensa/platforms/iss/include/platform/serial.h"},
		"csky":   {"arch/csky/abiv1/inc/abi/page.h", "arch/csky/abiv2/inc/abi/page.h"},
		"arm":    {"arch/arm/mach-rpc/include/mach/io.h", "arch/arm/plat-orion/include/plat/mpp.h"},
	} {
		src, obj := treetest.Source(), treetest.Objects()
		for _, name := range append(names, "arch/"+arch+"/Makefile", "arch/"+arch+"/include/asm/page.h") {
			src[name] = "#define PAGE 1\n"
		}
		obj["arch/"+arch+"/include/generated/asm/types.h"] = "#define TYPES 1\n"
		o := options(t, src, obj)
		o.Arch = arch
		g, err := Gather{Arch: arch, Trees: o.Trees}.Run()
		if err != nil {
			t.Fatal(err)
		}
		gathered := g.contents(t)
		r, _ := pack(t, o)
		for _, name := range names {
			if gathered[name] == "" {
				t.Errorf("%s: gather has no %s", arch, name)
			}
			if !slices.ContainsFunc(r.Manifest, func(e manifest.Entry) bool { return e.Name == name }) {
				t.Errorf("%s: the archive has no %s", arch, name)
			}
		}
	}
}

// A root "." is the tree itself.
func TestGatherTop(t *testing.T) {
	_, objects := kleafTrees(t, nil)
	var got []map[string]string
	for _, roots := range [][]string{nil, {"."}, {"./"}} {
		g, err := Gather{Arch: "x86", Trees: []string{objects}, Roots: roots}.Run()
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, g.contents(t))
	}
	if !maps.Equal(got[0], got[1]) || !maps.Equal(got[0], got[2]) {
		t.Errorf("the tree itself makes %d files, . makes %d, ./ makes %d", len(got[0]), len(got[1]), len(got[2]))
	}
}

func TestGatherErrors(t *testing.T) {
	list, objects := kleafTrees(t, nil)
	other := treetest.Tar{}.Write(t, treetest.Files{"include/generated/autoconf.h": "#define CONFIG_64BIT 1\n#define CONFIG_SMP 1\n"})
	bad := filepath.Join(t.TempDir(), "kernel.release")
	if err := os.WriteFile(bad, []byte("unknown\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	escaping := treetest.Tar{Prefix: "../"}.Write(t, treetest.Files{"include/a.h": "x\n"})
	wrong, empty := treetest.Files{"linux-6.1/include/a.h": "x\n", "README": "x\n"}.Write(t, t.TempDir()), t.TempDir()
	newline := treetest.Files{"include/a\nb.h": "x\n"}.Write(t, t.TempDir())
	twofold := treetest.Files{"include/generated/late.h/x.h": "x\n"}.Write(t, t.TempDir())
	late := treetest.Files{"include/generated/late.h": "x\n"}.Write(t, t.TempDir())
	secret, _ := kleafTrees(t, func(source, _ treetest.Files) { source["scripts/key"] = "-----BEGIN RSA PRIVATE KEY-----\n" })
	tests := []struct {
		name string
		o    Gather
		want string
	}{
		{"no tree", Gather{Arch: "x86"}, "no tree was given"},
		{"architecture", Gather{Arch: "aarch64", Lists: []string{list}}, "the kernel's name for it is arm64"},
		{"two configurations", Gather{Arch: "x86", Trees: []string{objects, other}}, "they are of different builds, leave one out"},
		{"release", Gather{Arch: "x86", Trees: []string{objects}, Release: bad}, `got "unknown", expected one such as`},
		{"take", Gather{Arch: "x86", Lists: []string{list}, Take: []string{".config"}}, "take .config: it is in none of " + list},
		{"root", Gather{Arch: "x86", Trees: []string{objects}, Roots: []string{"include", "usr/src/linux"}}, "root usr/src/linux: no such directory in " + objects},
		{"root is a file", Gather{Arch: "x86", Trees: []string{objects}, Roots: []string{"vmlinux/include"}}, "root vmlinux/include: no such directory"},
		{"root above", Gather{Arch: "x86", Trees: []string{objects}, Roots: []string{"../include"}}, "root ../include: no such directory"},
		{"absolute root", Gather{Arch: "x86", Trees: []string{objects}, Roots: []string{"/usr/src/linux"}}, "root /usr/src/linux: no such directory"},
		{"no root", Gather{Arch: "x86", Trees: []string{objects}, Roots: []string{"/"}}, "root /: no such directory"},
		{"nothing of a kernel", Gather{Arch: "x86", Trees: []string{wrong}}, "gather files: none of " + wrong + " has a file such as include/linux/kernel.h or arch/x86/Makefile; expected the top of a kernel's tree"},
		{"empty tree", Gather{Arch: "x86", Trees: []string{objects, empty}}, "open tree " + empty + ": it is empty"},
		{"name with a newline", Gather{Arch: "x86", Trees: []string{newline}}, `member name "include/a\nb.h" holds a character that is not plain`},
		{"file and directory", Gather{Arch: "x86", Trees: []string{late, twofold}}, "add member include/generated/late.h: it is the file "},
		{"escaping", Gather{Arch: "x86", Trees: []string{escaping}}, "its name leads out of the tree"},
		{"key", Gather{Arch: "x86", Lists: []string{secret}}, "it holds a private key"},
	}
	for _, tt := range tests {
		if _, err := tt.o.Run(); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v; want an error with %q", tt.name, err, tt.want)
		}
	}
}
