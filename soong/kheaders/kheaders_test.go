// SPDX-License-Identifier: Apache-2.0

//go:build soong

package kheaders

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"android/soong/android"
)

// What is here runs with every Soong. How a test is set up is not the same in all of them, and is in debian_test.go for
// the one of 2020 and in fixture_test.go for Android 12 and later. Each has
//
//	parseFiles(t, files) found             the modules of these files, without errors
//	parseErrors(t, bp, pattern)            fails unless an error matches

// found is what tests look at.
type found struct {
	module   func(module, variant string) android.TestingModule
	variants func(module string) []string
}

// rule returns what a module runs; the rule's name is enough of it to be known.
func (f found) rule(module, variant, rule string) android.TestingBuildParams {
	return f.module(module, variant).Rule(rule)
}

func parse(t *testing.T, bp string) found {
	t.Helper()
	return parseFiles(t, filesOf(bp))
}

// filesOf returns the tree of a test: sourceFiles, and what says what to make of them.
func filesOf(bp string) map[string][]byte {
	files := map[string][]byte{"kernel/Android.bp": []byte(bp)}
	for name, content := range sourceFiles {
		files[name] = content
	}
	return files
}

// sourceFiles are there in every test.
var sourceFiles = map[string][]byte{
	"kernel/config":                        nil,
	"kernel/Image":                         nil,
	"kernel/kernel-headers.tar.gz":         nil,
	"kernel/kernel-uapi-headers.tar.gz":    nil,
	"kernel/kernel.release":                nil,
	"kernel/kheaders.ko":                   nil,
	"kernel/vmlinux":                       nil,
	"kernel/vmlinux.symvers":               nil,
	"kernel/tree/Makefile":                 nil,
	"kernel/tree/include/linux/a.h":        nil,
	"kernel/tree/include/linux/b.h":        nil,
	"kernel/tree/include/linux/private.h":  nil,
	"kernel/tree/include/linux/odd name.h": nil,
	"kernel/user.c":                        nil,
}

const archiveBp = `
kheaders_archive {
    name: "kheaders",
    headers: ["kernel-headers.tar.gz"],
    kernel_arch: "arm64",
    config: "config",
    module_symvers: "vmlinux.symvers",
}
`

// short takes the build directory off, which is not the same in all versions.
func short(path string) string {
	if i := strings.Index(path, ".intermediates/"); i >= 0 {
		return path[i+len(".intermediates/"):]
	}
	return path
}

func shorts(paths []string) []string {
	var s []string
	for _, p := range paths {
		s = append(s, short(p))
	}
	return s
}

func check(t *testing.T, what string, got, want interface{}) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s\n got %q\nwant %q", what, got, want)
	}
}

func TestArchiveOfSources(t *testing.T) {
	p := parse(t, `
kheaders_archive {
    name: "kheaders",
    srcs: ["tree/**/*.h", "tree/Makefile", ":generated"],
    exclude_srcs: ["tree/include/linux/private.h", "tree/include/linux/odd*.h"],
    root: "tree",
    kernel_arch: "x86_64",
    config: "config",
    module_symvers: "vmlinux.symvers",
    kernel_release: "kernel.release",
    include: ["drivers/**/*.h"],
    exclude: ["include/xen/**"],
    comments: "lines",
    capacity: 8388608,
}
genrule {
    name: "generated",
    out: ["include/generated/autoconf.h"],
    cmd: "touch $(out)",
}
`).rule("kheaders", "", "pack")
	generated := "kernel/generated/gen/include/generated/autoconf.h"
	check(t, "inputs", shorts(p.Inputs.Strings()), []string{"kernel/tree/include/linux/a.h", "kernel/tree/include/linux/b.h", "kernel/tree/Makefile", generated})
	check(t, "implicit inputs", p.Implicits.Strings(), []string{"kernel/vmlinux.symvers", "kernel/config", "kernel/kernel.release"})
	members := strings.Fields(p.Args["members"])
	for i, m := range members {
		name, file := m[:strings.Index(m, "=")], m[strings.Index(m, "=")+1:]
		members[i] = name + "=" + short(file)
	}
	check(t, "members", members, []string{
		"include/linux/a.h=kernel/tree/include/linux/a.h",
		"include/linux/b.h=kernel/tree/include/linux/b.h",
		"Makefile=kernel/tree/Makefile",
		"include/generated/autoconf.h=" + generated,
	})
	check(t, "flags", p.Args["flags"], "--profile module --arch x86_64 --comments lines --symvers kernel/vmlinux.symvers --config kernel/config"+
		" --release kernel/kernel.release --include 'drivers/**/*.h' --exclude 'include/xen/**' --capacity 8388608")
	check(t, "output", short(p.Output.String()), "kernel/kheaders/kheaders.tar.xz")
	check(t, "further outputs", shorts(p.ImplicitOutputs.Strings()), []string{"kernel/kheaders/kheaders.manifest", "kernel/kheaders/kheaders.pack.json"})
}

func TestArchiveOfTars(t *testing.T) {
	p := parse(t, `
kheaders_archive {
    name: "kheaders",
    headers: ["kernel-headers.tar.gz", "kernel-uapi-headers.tar.gz"],
    kernel_arch: "arm64",
    profile: "tracing+uapi",
}
`).rule("kheaders", "", "pack")
	check(t, "flags", p.Args["flags"], "--profile tracing+uapi --arch arm64 --comments strip --tree kernel/kernel-headers.tar.gz --tree kernel/kernel-uapi-headers.tar.gz")
	check(t, "implicit inputs", p.Implicits.Strings(), []string{"kernel/kernel-headers.tar.gz", "kernel/kernel-uapi-headers.tar.gz"})
	check(t, "members", p.Args["members"], "")
}

func TestStamp(t *testing.T) {
	for _, test := range []struct{ name, bp, in, out, flags string }{
		{"vmlinux", `kheaders_vmlinux { name: "stamped", src: "vmlinux", archive: ":kheaders" }`, "kernel/vmlinux", "vmlinux", ""},
		{"stem", `kheaders_vmlinux { name: "stamped", src: "vmlinux", archive: ":kheaders", stem: "other" }`, "kernel/vmlinux", "other", ""},
		{"section", `kheaders_vmlinux { name: "stamped", src: "vmlinux", archive: ":kheaders", section: ".kh$1" }`, "kernel/vmlinux", "vmlinux", "--section '.kh$$1'"},
		{"symbols", `kheaders_module { name: "stamped", src: "kheaders.ko", archive: ":kheaders", symbols: ["a", "b"] }`, "kernel/kheaders.ko", "kheaders.ko", "--symbols a,b"},
		{"image", `kheaders_image { name: "stamped", src: "Image", archive: ":kheaders", restamp: true }`, "kernel/Image", "Image", "--restamp"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := parse(t, archiveBp+test.bp).rule("stamped", "", "stamp")
			check(t, "input", p.Input.String(), test.in)
			check(t, "archive", short(p.Implicit.String()), "kernel/kheaders/kheaders.tar.xz")
			check(t, "archive's flag", short(p.Args["archive"]), "kernel/kheaders/kheaders.tar.xz")
			check(t, "output", short(p.Output.String()), "kernel/stamped/"+test.out)
			check(t, "flags", p.Args["flags"], test.flags)
		})
	}
}

// Other modules get what ours make by ":name", and more of it by a tag.
func TestOutputFiles(t *testing.T) {
	p := parse(t, archiveBp+`
kheaders_image { name: "stamped", src: "Image", archive: ":kheaders" }
kheaders_image { name: "again", src: ":stamped", archive: ":kheaders", restamp: true }
kheaders_image { name: "odd", src: ":kheaders{.manifest}", archive: ":stamped{.report}" }
`)
	again, odd := p.rule("again", "", "stamp"), p.rule("odd", "", "stamp")
	check(t, "no tag", short(again.Input.String()), "kernel/stamped/Image")
	check(t, "manifest", short(odd.Input.String()), "kernel/kheaders/kheaders.manifest")
	check(t, "report", short(odd.Implicit.String()), "kernel/stamped/stamped.stamp.json")
}

// Headers reach a cc module, directly and through cc_library_headers.
func TestInclude(t *testing.T) {
	p := parse(t, archiveBp+`
kheaders_include {
    name: "kheaders_tree",
    carrier: ":kheaders",
    export_include_dirs: ["usr/include", "arch/arm64/include"],
}
cc_library_headers {
    name: "kernel_headers_of_ours",
    generated_headers: ["kheaders_tree"],
    export_generated_headers: ["kheaders_tree"],
    stl: "none",
    system_shared_libs: [],
}
cc_library_static {
    name: "libuser",
    srcs: ["user.c"],
    header_libs: ["kernel_headers_of_ours"],
    stl: "none",
    system_shared_libs: [],
}
`)
	unpack := p.rule("kheaders_tree", "", "unpack")
	check(t, "carrier", short(unpack.Input.String()), "kernel/kheaders/kheaders.tar.xz")
	check(t, "output", short(unpack.Output.String()), "kernel/kheaders_tree/gen/tree.stamp")
	check(t, "headers that ninja knows", shorts(unpack.ImplicitOutputs.Strings()), []string{"kernel/kheaders_tree/gen/tree/usr/include/linux/types.h"})
	check(t, "wanted", unpack.Args["wanted"], "usr/include/linux/types.h")

	cc := p.rule("libuser", "android_arm64_armv8-a_static", "cc")
	for _, dir := range []string{"usr/include", "arch/arm64/include"} {
		if flags := flagsOf(cc); !strings.Contains(flags, "kernel/kheaders_tree/gen/tree/"+dir) {
			t.Errorf("flags of the compiler have no include directory %s: %s", dir, flags)
		}
	}
	if order := strings.Join(shorts(cc.OrderOnly.Strings()), " "); !strings.Contains(order, "kernel/kheaders_tree/gen/tree.stamp") {
		t.Errorf("the compiler may run before the headers are there: order-only inputs %s", order)
	}
}

// The device of examples/soong: its library is compiled with the headers of its kernel.
func TestExample(t *testing.T) {
	files := make(map[string][]byte)
	for _, name := range []string{"device/example/lab/Android.bp", "device/example/lab/sensor.c", "device/example/lab-kernel/Android.bp"} {
		p, err := os.ReadFile(filepath.Join("../../examples/soong", name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = p
	}
	for _, name := range []string{"Image", "kernel-headers.tar.gz", "kernel-uapi-headers.tar.gz", "kernel.config", "vmlinux", "vmlinux.symvers",
		"module-tree/include/linux/kernel.h"} {
		files["device/example/lab-kernel/"+name] = nil
	}
	tree := parseFiles(t, files)
	var variant string
	for _, v := range tree.variants("liblabsensor") {
		if strings.Contains(v, "arm64") && strings.HasSuffix(v, "_static") {
			variant = v
		}
	}
	p := tree.rule("liblabsensor", variant, "cc")
	dir := "device/example/lab-kernel/lab_kernel_includes/gen/tree"
	if !strings.Contains(flagsOf(p), dir+"/usr/include") {
		t.Errorf("the library's flags have no %s/usr/include: %s", dir, flagsOf(p))
	}
	if order := strings.Join(shorts(p.OrderOnly.Strings()), " "); !strings.Contains(order, dir+".stamp") {
		t.Errorf("the library may be compiled before the headers are there: order-only inputs %s", order)
	}
	etc := tree.module("lab_kheaders.tar.xz", "android_arm64_armv8-a").Output("kheaders.tar.xz")
	check(t, "what is shipped", short(etc.Input.String()), "device/example/lab-kernel/lab_kheaders/lab_kheaders.tar.xz")
}

// flagsOf returns all that is on the command line of a compilation.
func flagsOf(p android.TestingBuildParams) string {
	var all []string
	for _, v := range p.Args {
		all = append(all, v)
	}
	return strings.Join(all, " ")
}

func TestIncludeOuts(t *testing.T) {
	p := parse(t, `
kheaders_include { name: "a", carrier: "vmlinux", export_include_dirs: ["include"], outs: ["include/linux/a.h"], section: ".kheaders" }
kheaders_include { name: "b", carrier: "vmlinux", export_include_dirs: ["include"], outs: [] }
`)
	a, b := p.rule("a", "", "unpack"), p.rule("b", "", "unpack")
	check(t, "input", a.Input.String(), "kernel/vmlinux")
	check(t, "flags", a.Args["flags"], "--section .kheaders")
	check(t, "named", shorts(a.ImplicitOutputs.Strings()), []string{"kernel/a/gen/tree/include/linux/a.h"})
	check(t, "none", len(b.ImplicitOutputs), 0)
}

// Each error says where the property is, or the module if it has none, and what to write.
func TestErrors(t *testing.T) {
	for _, test := range []struct{ name, bp, want string }{
		{"no arch", `kheaders_archive {
    name: "x",
    headers: ["kernel-headers.tar.gz"],
    profile: "tracing",
}`, `kernel/Android.bp:1:1: module "x": kernel_arch: is required: the kernel's name of the architecture, such as "arm64"`},
		{"no headers", `kheaders_archive { name: "x", kernel_arch: "arm64", profile: "tracing" }`,
			`kernel/Android.bp:1:1: module "x": headers: is required where there are no srcs`},
		{"no symvers", `kheaders_archive { name: "x", kernel_arch: "arm64", headers: ["kernel-headers.tar.gz"], config: "config" }`,
			`kernel/Android.bp:1:1: module "x": module_symvers: is required: the profile module has Module.symvers, and a Kleaf dist has it as "vmlinux.symvers"; or set profile: "tracing"`},
		{"no config", `kheaders_archive { name: "x", kernel_arch: "arm64", headers: ["kernel-headers.tar.gz"], module_symvers: "vmlinux.symvers" }`,
			`kernel/Android.bp:1:1: module "x": config: is required`},
		{"profile", `kheaders_archive {
    name: "x",
    kernel_arch: "arm64",
    profile: "uapi",
}`, `kernel/Android.bp:4:12: module "x": profile: is "uapi": expected one of \["module" "tracing" "module\+uapi" "tracing\+uapi"\]`},
		{"comments", `kheaders_archive {
    name: "x",
    comments: "some",
}`, `kernel/Android.bp:3:13: module "x": comments: is "some": expected one of`},
		{"capacity", `kheaders_archive {
    name: "x",
    capacity: 10,
}`, `kernel/Android.bp:3:13: module "x": capacity: is 10: expected a multiple of 4, in bytes, such as 8388608`},
		{"root", `kheaders_archive {
    name: "x",
    root: "../tree",
}`, `kernel/Android.bp:3:9: module "x": root: is "../tree": expected a directory below this one`},
		{"not below root", `kheaders_archive {
    name: "x",
    root: "tree",
    srcs: ["user.c"],
}`, `kernel/Android.bp:3:9: module "x": root: is "tree", and user.c of srcs is not below it`},
		{"odd name", `kheaders_archive {
    name: "x",
    srcs: ["tree/include/linux/*.h"],
}`, `kernel/Android.bp:3:9: module "x": srcs: has "kernel/tree/include/linux/odd name.h": expected a name without blanks and =`},
		{"no src", `kheaders_vmlinux { name: "x", archive: "vmlinux" }`,
			`kernel/Android.bp:1:1: module "x": src: is required: the kernel's ELF file, such as "vmlinux"`},
		{"no archive", `kheaders_image { name: "x", src: "Image" }`,
			`kernel/Android.bp:1:1: module "x": archive: is required: the module that packs it, such as ":kheaders"`},
		{"no module", `kheaders_module {
    name: "x",
    src: "vmlinux",
    archive: "vmlinux",
}`, `kernel/Android.bp:3:8: module "x": src: is "kernel/vmlinux": expected the kernel module that carries the archive, such as "kheaders.ko"`},
		{"stem", `kheaders_vmlinux {
    name: "x",
    stem: "a/b",
}`, `kernel/Android.bp:3:9: module "x": stem: is "a/b": expected a file's name`},
		{"symbols", `kheaders_vmlinux {
    name: "x",
    symbols: ["a"],
}`, `kernel/Android.bp:3:12: module "x": symbols: has 1 names: expected two`},
		{"symbols and section", `kheaders_vmlinux {
    name: "x",
    section: ".s",
    symbols: ["a", "b"],
}`, `kernel/Android.bp:4:12: module "x": symbols: is set, and section too: leave one out`},
		{"section of an image", `kheaders_image {
    name: "x",
    section: ".s",
}`, `kernel/Android.bp:3:12: unrecognized property "section"`},
		{"no carrier", `kheaders_include { name: "x" }`,
			`kernel/Android.bp:1:1: module "x": carrier: is required: what the headers are read from, such as ":kheaders" or "vmlinux"`},
		{"include directory", `kheaders_include {
    name: "x",
    export_include_dirs: ["/usr/include"],
}`, `kernel/Android.bp:3:24: module "x": export_include_dirs: has "/usr/include": expected a directory of the archive`},
		{"outs", `kheaders_include {
    name: "x",
    outs: ["../x.h"],
}`, `kernel/Android.bp:3:9: module "x": outs: has "../x.h": expected a header of the archive`},
	} {
		t.Run(test.name, func(t *testing.T) { parseErrors(t, test.bp, test.want) })
	}
}
