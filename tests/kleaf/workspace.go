// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/tests/internal/bazeltest"
)

// Kleaf is the workspace, and what it is compared with.
type kleaf struct {
	bazeltest.Workspace
	image   string // the kernel's
	archive string // that the kernel's own rules make
}

// What //common has, of the kernel that was built here.
var outs = map[string]string{
	"//tests/adapters/kleaf:android14_kheaders_ko":           "kheaders.ko",
	"//tests/adapters/kleaf:android16_files_System.map":      "System.map",
	"//tests/adapters/kleaf:android16_files_config":          "dot_config",
	"//tests/adapters/kleaf:android16_files_headers":         "kernel-headers.tar.gz",
	"//tests/adapters/kleaf:android16_files_modules_prepare": "modules_prepare_outdir.tar.gz",
	"//tests/adapters/kleaf:android16_files_release":         "kernel.release",
	"//tests/adapters/kleaf:android16_files_symvers":         "Module.symvers",
	"//tests/adapters/kleaf:android16_files_vmlinux":         "vmlinux",
	"//tests/carriers:sign_file":                             "sign-file",
	"//tests/carriers:signing_cert":                          "signing_key.x509",
	"//tests/carriers:test_signing_key.pem":                  "signing_key.pem",
}

const (
	sources = "@linux_6_1_files//:sources"
	image   = "//tests/carriers:bzImage"
	archive = "//tests/carriers:archive"
)

// commonBuild is //common, as in Android's tree.
const commonBuild = `load("//build/kernel/kleaf:kernel_build.bzl", "kernel_build")

package(default_visibility = ["//visibility:public"])

filegroup(
    name = "kernel_x86_64_sources",
    srcs = glob(["**"], exclude = ["BUILD.bazel", "out/**", "scripts/dtc/include-prefixes/**"]),
)

kernel_build(
    name = "kernel_x86_64",
    generation = 16,
    files = {
        "dot_config": "out/dot_config",
        "kernel_headers": "out/kernel-headers.tar.gz",
        "kernel_release": "out/kernel.release",
        "module_symvers": "out/Module.symvers",
        "modules_prepare": "out/modules_prepare_outdir.tar.gz",
        "out_dir": "out/dot_config",
    },
    implicit_outs = {
        "out/sign-file": "scripts/sign-file",
        "out/signing_key.pem": "certs/signing_key.pem",
        "out/signing_key.x509": "certs/signing_key.x509",
    },
    keep_dot_config = True,
    keep_module_symvers = True,
    module_implicit_outs = {"out/kheaders.ko": "kernel/kheaders.ko"},
    outs = {
        "out/System.map": "System.map",
        "out/vmlinux": "vmlinux",
    },
)
`

// helloBuild is a module from the archive alone.
const helloBuild = `load("@rules_kheaders//rules:defs.bzl", "kernel_module", "kheaders_host_tools")

kheaders_host_tools(
    name = "host_tools",
    archive = "//device:archive",
)

kernel_module(
    name = "hello",
    srcs = ["hello.c"],
    archive = "//device:archive",
    sign_file = "//common:kernel_x86_64/scripts/sign-file",
    signing_cert = "//common:kernel_x86_64/certs/signing_key.x509",
    signing_key = "//common:kernel_x86_64/certs/signing_key.pem",
)
`

// carrierBuild is kheaders.ko as an external module, for kernels without IKHEADERS.
const carrierBuild = `load("@rules_kheaders//rules:defs.bzl", "kheaders_external_module")

kheaders_external_module(
    name = "kheaders",
    archive = "//device:archive",
)
`

// kleafBuild is what Kleaf's flags name.
const kleafBuild = `load(":flags.bzl", "bool_flag", "string_flag")

bool_flag(name = "config_hermetic_cc", build_setting_default = False)

string_flag(name = "cache_dir", build_setting_default = "")
`

const flagsBzl = `"Build settings, as skylib's."

def _flag_impl(_ctx):
    return []

bool_flag = rule(implementation = _flag_impl, build_setting = config.bool(flag = True))
string_flag = rule(implementation = _flag_impl, build_setting = config.string(flag = True))
`

const libcBuild = `package(default_visibility = ["//visibility:public"])

constraint_setting(name = "libc")

constraint_value(name = "musl", constraint_setting = ":libc")
`

const platformsBuild = `platform(
    name = "host_musl",
    constraint_values = ["//build/kernel/kleaf/platforms/libc:musl"],
    parents = ["@platforms//host"],
)
`

// clangBuild is a toolchain with action configs alone, as Kleaf's clang. The
// kernel was built by gcc, so that is what its programs are.
const clangBuild = `load("@rules_cc//cc/toolchains:cc_toolchain.bzl", "cc_toolchain")
load(":action_configs.bzl", "clang_config")

filegroup(name = "programs", srcs = glob(["bin/*"]))

clang_config(
    name = "config",
    ar = "bin/ar",
    clang = "bin/gcc",
    clang_plus_plus = "bin/gcc",
    ld = "bin/gcc",
    objcopy = "bin/objcopy",
    strip = "bin/strip",
    target_cpu = "x86_64",
)

cc_toolchain(
    name = "clang",
    all_files = ":programs",
    compiler_files = ":programs",
    dwp_files = ":programs",
    linker_files = ":programs",
    objcopy_files = ":programs",
    strip_files = ":programs",
    toolchain_config = ":config",
)

toolchain(
    name = "toolchain",
    exec_compatible_with = ["@platforms//os:linux", "@platforms//cpu:x86_64"],
    target_compatible_with = ["@platforms//os:linux", "@platforms//cpu:x86_64"],
    toolchain = ":clang",
    toolchain_type = "@bazel_tools//tools/cpp:toolchain_type",
)
`

// newKleaf is a copy of the example.
func newKleaf(ours bazeltest.Workspace) (*kleaf, error) {
	example, err := ours.CopyExample("kleaf")
	if err != nil {
		return nil, err
	}
	k := &kleaf{Workspace: example}
	// Modules of this workspace and not of that one: tools/bazel may have told Bazel where they are, which is an error then.
	for _, module := range []string{"gazelle", "package_metadata", "rules_go", "rules_shell"} {
		k.Flags = append(k.Flags, "--override_module="+module+"=")
	}
	return k, nil
}

// fill puts beside the example our release and a stand-in for //common and
// //build/kernel.
func (k *kleaf) fill(ours bazeltest.Workspace) (err error) {
	targets := []string{image, archive, sources}
	for target := range outs {
		targets = append(targets, target)
	}
	if _, err := ours.Run(append([]string{"build"}, targets...)...); err != nil {
		return err
	}
	if k.image, err = ours.File(image); err != nil {
		return err
	}
	if k.archive, err = ours.File(archive); err != nil {
		return err
	}
	// A registry without a module.
	if err := os.MkdirAll(filepath.Join(k.In, "external/bazelbuild-bazel-central-registry/modules"), 0o755); err != nil {
		return err
	}
	if _, err := ours.Run("run", "//tools:release", "--", filepath.Join(k.In, "external/rules_kheaders")); err != nil {
		return err
	}
	if err := k.common(ours); err != nil {
		return err
	}
	if err := k.clang(ours); err != nil {
		return err
	}
	if err := k.modules(); err != nil {
		return err
	}
	return errors.Join(
		k.write("build/kernel/kleaf/BUILD.bazel", []byte(kleafBuild)),
		k.write("build/kernel/kleaf/flags.bzl", []byte(flagsBzl)),
		k.write("build/kernel/kleaf/workspace_status_common.sh", []byte("#!/bin/sh\necho STABLE_SOURCE_DATE_EPOCH 0\n")),
		k.write("build/kernel/kleaf/impl/platforms/BUILD.bazel", []byte(platformsBuild)),
		k.write("build/kernel/kleaf/platforms/libc/BUILD.bazel", []byte(libcBuild)),
		k.copy(filepath.Join(ours.Dir, "tests/adapters/kleaf/kernel_build.bzl"), "build/kernel/kleaf/kernel_build.bzl"),
		k.write("drivers/kheaders/BUILD.bazel", []byte(carrierBuild)),
		k.write("drivers/hello/BUILD.bazel", []byte(helloBuild)),
		k.copy(filepath.Join(ours.Dir, "examples/demo/hello/hello.c"), "drivers/hello/hello.c"),
	)
}

// modules adds what Kleaf's own MODULE.bazel has, and its packages load.
func (k *kleaf) modules() error {
	name := filepath.Join(k.In, "MODULE.bazel")
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	for _, module := range []string{"platforms", "rules_cc"} {
		text = fmt.Appendf(text, "\nbazel_dep(name = %q)\n", module)
	}
	return os.WriteFile(name, text, 0o644)
}

// clangDir is where Android has its compilers' toolchains.
const clangDir = "prebuilts/clang/host/linux-x86/kleaf/"

// clang makes the C++ toolchain, which Kleaf itself registers.
func (k *kleaf) clang(ours bazeltest.Workspace) error {
	k.Flags = append(k.Flags, "--extra_toolchains=//"+clangDir[:len(clangDir)-1]+":toolchain")
	for _, name := range []string{"ar", "gcc", "ld", "nm", "objcopy", "objdump", "readelf", "strip"} {
		if err := k.write(clangDir+"bin/"+name, []byte("#!/bin/sh\nexec /usr/bin/"+name+" \"$@\"\n")); err != nil {
			return err
		}
	}
	return errors.Join(
		k.copy(filepath.Join(ours.Dir, "tests/cross/action_configs.bzl"), clangDir+"action_configs.bzl"),
		k.write(clangDir+"BUILD.bazel", []byte(clangBuild)),
	)
}

// hermeticPath is the directory that is the PATH of actions with Kleaf's
// --incompatible_hermetic_actions: _add_default_hermetic_path of bazel.py.
const hermeticPath = "out/bazel/default_hermetic_path"

func (k *kleaf) makeHermeticPath() (string, error) {
	dir := filepath.Join(k.In, hermeticPath)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	for _, name := range []string{
		"bash", "perl", "rsync", "sh", "find", "repo", "git",
		"cat", "cp", "sed", "touch", "python3", "uname",
	} {
		if err := os.Symlink("/usr/bin/"+name, filepath.Join(dir, name)); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// buildTools is where Android has make and what it runs.
const buildTools = "prebuilts/build-tools"

const buildToolsBuild = `load("@rules_kheaders//rules:defs.bzl", "kbuild_toolchain")

kbuild_toolchain(
    name = "build-tools",
    programs = glob(["path/linux-x86/*"]),
)

toolchain(
    name = "toolchain",
    toolchain = ":build-tools",
    toolchain_type = "@rules_kheaders//rules/toolchain:kbuild_toolchain_type",
)
`

// buildTools copies this machine's programs there. A host compiler does not run
// from a copy of its program alone: Android's is a script too.
func (k *kleaf) buildTools() error {
	const dir = buildTools + "/path/linux-x86/"
	for _, name := range []string{
		"ar", "as", "awk", "basename", "bash", "cat", "chmod", "cmp", "cp", "cut", "date", "dirname", "echo", "env", "expr", "find", "grep", "head", "install",
		"ld", "ln", "ls", "make", "mkdir", "mktemp", "mv", "nm", "nproc", "objcopy", "objdump", "printf", "pwd", "readelf", "readlink", "realpath", "rm", "sed",
		"sh", "sort", "stat", "strip", "tail", "tar", "test", "touch", "tr", "true", "uname", "uniq", "wc", "which", "xargs",
	} {
		program, err := exec.LookPath(name)
		if err != nil {
			return err
		}
		if err := k.copy(program, dir+name); err != nil {
			return err
		}
	}
	return errors.Join(
		k.write(dir+"gcc", []byte("#!/bin/sh\nexec /usr/bin/gcc \"$@\"\n")),
		k.write(buildTools+"/BUILD.bazel", []byte(buildToolsBuild)),
	)
}

// common makes the package //common: the kernel's source, and what its build made.
func (k *kleaf) common(ours bazeltest.Workspace) error {
	list, err := ours.Run("cquery", "--output=files", sources)
	if err != nil {
		return err
	}
	base, err := ours.Run("info", "output_base")
	if err != nil {
		return err
	}
	n := 0
	for _, name := range strings.Fields(string(list)) {
		// external/REPOSITORY/FILE
		parts := strings.SplitN(name, "/", 3)
		if len(parts) != 3 {
			return fmt.Errorf("%s has the file %s, want one of another repository", sources, name)
		}
		if err := k.copy(filepath.Join(strings.TrimSpace(string(base)), name), "common/"+parts[2]); err != nil {
			return err
		}
		n++
	}
	if n == 0 {
		return fmt.Errorf("%s has no files", sources)
	}
	for target, name := range outs {
		file, err := ours.File(target)
		if err != nil {
			return err
		}
		if err := k.copy(file, "common/out/"+name); err != nil {
			return err
		}
	}
	return k.write("common/BUILD.bazel", []byte(commonBuild))
}

func (k *kleaf) write(name string, content []byte) error {
	to := filepath.Join(k.In, name)
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o755)
}

func (k *kleaf) copy(from, name string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return k.write(name, content)
}
