"Rule kleaf_kernel"

load("//rules/private:seed.bzl", "SEED_ATTRS")
load("//rules/private:toolchain.bzl", "TOOLCHAIN_TYPE")
load("//rules/providers:kernel_info.bzl", "KheadersKernelInfo")
load(":kleaf_actions.bzl", "gather", "join_symvers")
load(":kleaf_files.bzl", "config_of", "kleaf_build", "modules_prepare_files")
load(":kleaf_prebuilts.bzl", "missing", "picked_files", "release_file")

DOC = """A kernel that Android's Kleaf builds, for the rules here.

```starlark
kleaf_kernel(
    name = "kernel",
    srcs = ["//common:kernel_aarch64_sources"],
    arch = "arm64",
    kernel_build = "//common:kernel_aarch64",
    modules_prepare = "//common:kernel_aarch64_modules_prepare",
)
```

Only labels and output groups are used, which are the same in Kleaf from android13-5.15 to android16-6.12; no file of Kleaf is
loaded. With `base_kernel`, the kernel is a mixed build: vmlinux and the release are GKI's, the configuration and headers are the
vendor's, and Module.symvers is both.

Prebuilts of a GKI kernel (Kleaf's `kernel_filegroup`) have no output groups; their files are found by their names:

```starlark
kleaf_kernel(
    name = "gki",
    arch = "arm64",
    headers = ["@gki_prebuilts//kernel-headers.tar.gz"],
    kernel_build = "@gki_prebuilts//kernel_aarch64",
    modules_prepare = "@gki_prebuilts//kernel_aarch64_filegroup_decl.tar.gz",
)
```

`kernel_build` may also be a filegroup of a dist directory, whose files have the same names.
"""

def _kleaf_kernel_impl(ctx):
    attributes = [a for a in ["base_kernel", "kernel_build"] if getattr(ctx.attr, a)]
    builds = [kleaf_build(getattr(ctx.attr, a)) for a in attributes]
    build = builds[-1]
    prepare = modules_prepare_files(ctx.attr.modules_prepare) if ctx.attr.modules_prepare else build
    picked = picked_files(ctx, build, prepare)

    symvers = [b.symvers for b in builds[:-1]] + [build.symvers or picked.get("Module.symvers")]
    for attribute, file in zip(attributes, symvers):
        if not file:
            missing(ctx, attribute, "Module.symvers", "give a kernel_build of Kleaf, a kernel_filegroup, or the files of a dist directory")
    tree = prepare.modules_prepare or picked.get("modules_prepare_outdir.tar.gz")
    if not tree:
        missing(ctx, "kernel_build", "modules_prepare_outdir.tar.gz", "set modules_prepare")
    if not ctx.files.srcs and "module_env.tar.gz" not in picked:
        fail("{} has no srcs, and no NAME_filegroup_decl.tar.gz of prebuilts that has Makefiles and scripts; set srcs to the kernel's source".format(ctx.label))

    outs = {}
    for b in builds:
        outs.update(b.outs)
    if "vmlinux" not in outs:
        fail(("{} has no vmlinux among its outs; add \"vmlinux\" to outs of the kernel_build, or set base_kernel " +
              "when another kernel_build links it").format(build.label))

    release = release_file(ctx, builds[0], attributes[0], picked)
    config, config_tree = config_of(ctx.attr.config)
    config = build.config or config or picked.get(".config")
    taken = None if config else ctx.actions.declare_file(ctx.label.name + "/config")
    trees = (config_tree if taken else []) + [tree] + [picked[n] for n in ["module_env.tar.gz"] if n in picked] + ctx.files.headers
    headers = gather(ctx, trees, release, taken)
    kernel = KheadersKernelInfo(
        arch = ctx.attr.arch,
        config = config or taken,
        headers = depset([headers]),
        kernel_release = release,
        module_symvers = join_symvers(ctx, symvers),
        modules = {name: file for name, file in outs.items() if name.endswith(".ko")},
        outs = {name: file for name, file in outs.items() if not name.endswith(".ko")},
        system_map = outs.get("System.map"),
        vmlinux = outs["vmlinux"],
    )
    return [
        DefaultInfo(files = depset([kernel.vmlinux])),
        OutputGroupInfo(
            config = depset([kernel.config]),
            headers = kernel.headers,
            kernel_release = depset([release]),
            module_symvers = depset([kernel.module_symvers]),
            modules = depset(kernel.modules.values()),
        ),
        kernel,
    ]

kleaf_kernel = rule(
    doc = DOC,
    implementation = _kleaf_kernel_impl,
    attrs = SEED_ATTRS | {
        "arch": attr.string(doc = "The kernel's name of the architecture: arm64 where Kleaf writes aarch64, x86_64.", mandatory = True),
        "base_kernel": attr.label(
            doc = "What `base_kernel` of a mixed build names, the GKI kernel: a `kernel_build`, or prebuilts of one.",
            allow_files = True,
        ),
        "config": attr.label(
            doc = "`<kernel_build>_config`. Not needed: .config is taken from what the kernel_build keeps (`keep_dot_config`) or from `modules_prepare`.",
        ),
        "headers": attr.label_list(
            doc = "`<kernel_build>_headers`, kernel-headers.tar.gz, for headers that the build makes only after modules_prepare, and for prebuilts; or further tars. What `srcs` or `modules_prepare` have too is not taken from here.",
            allow_files = [".tar.gz", ".tar"],
        ),
        "kernel_build": attr.label(
            doc = "Kleaf's `kernel_build`; in a mixed build the vendor's. Or prebuilts: a `kernel_filegroup`, or a filegroup of a dist directory.",
            allow_files = True,
            mandatory = True,
        ),
        "kernel_release": attr.label(
            doc = "kernel.release, or gki-info.txt or `_filegroup_decl.tar.gz` with it, of prebuilts that have none of them among their files.",
            allow_single_file = True,
        ),
        "modules_prepare": attr.label(
            doc = "`<kernel_build>_modules_prepare`, or `<kernel_build>_filegroup_decl.tar.gz` of prebuilts. Not needed where `kernel_build` has one of them among its files.",
            allow_files = True,
        ),
        "srcs": attr.label_list(
            doc = "The kernel's source, the srcs of `kernel_build`. Headers, Makefiles and scripts are taken from it. Prebuilts have the last two in their `_filegroup_decl.tar.gz`, and headers in `headers`.",
            allow_files = True,
        ),
    },
    provides = [KheadersKernelInfo],
    toolchains = [TOOLCHAIN_TYPE],
)
