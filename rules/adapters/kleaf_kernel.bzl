"Rule kleaf_kernel"

load("//rules/private:module.bzl", "source_name")
load("//rules/private:seed.bzl", "SEED_ATTRS", "add_seed")
load("//rules/private:toolchain.bzl", "STRIP_PATHS", "TOOLCHAIN_TYPE", "param_file", "tools")
load("//rules/providers:kernel_info.bzl", "KheadersKernelInfo")
load(":kleaf_files.bzl", "architecture_dir", "dot_config", "is_candidate", "kleaf_out", "kleaf_outs", "modules_prepare_tar")

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
"""

def _symvers(ctx, files):
    "Module.symvers of all parts, which must not be empty."
    out = ctx.actions.declare_file(ctx.label.name + "/Module.symvers")
    args = ctx.actions.args()
    args.add("symvers")
    args.add("--out", out)
    args.add_all(files)
    ctx.actions.run(
        executable = tools(ctx).packer,
        arguments = [args],
        inputs = files,
        outputs = [out],
        mnemonic = "KheadersSymvers",
        progress_message = "Reading the symbols of %{label}",
        execution_requirements = STRIP_PATHS,
        toolchain = TOOLCHAIN_TYPE,
    )
    return out

def _entry(file):
    return "{}={}".format(source_name(file), file.path)

def _gather(ctx, trees, release, config):
    "One tar of what an archive can be made of; config is an output to take out of the trees, or None."
    tar = ctx.actions.declare_file(ctx.label.name + "/headers.tar")
    arch = architecture_dir(ctx.attr.arch)
    sources = [f for f in ctx.files.srcs if is_candidate(source_name(f), arch)]
    args = param_file(ctx)
    args.add("gather")
    args.add("--arch", ctx.attr.arch)
    args.add_all(trees, before_each = "--tree", expand_directories = False)
    args.add("--release", release)
    if config:
        args.add(config, format = "--take=.config=%s")
    args.add("--out", tar)
    add_seed(ctx, args)
    words = ctx.actions.args()
    words.set_param_file_format("multiline")
    words.add_all(sources, map_each = _entry)
    list = ctx.actions.declare_file(ctx.label.name + "/srcs.list")
    ctx.actions.write(list, words)
    args.add("--files", list)
    ctx.actions.run(
        executable = tools(ctx).packer,
        arguments = [args],
        inputs = trees + sources + [release, list],
        outputs = [tar] + ([config] if config else []),
        mnemonic = "KheadersGather",
        progress_message = "Gathering the headers of %{label}",
        toolchain = TOOLCHAIN_TYPE,
    )
    return tar

def _kleaf_kernel_impl(ctx):
    builds = [t for t in [ctx.attr.base_kernel, ctx.attr.kernel_build] if t]
    outs = {}
    for build in builds:
        outs.update(kleaf_outs(build))
    symvers = [kleaf_out(t, "Module.symvers") for t in builds]
    release = kleaf_out(builds[0], "include/config/kernel.release")

    vmlinux = outs.get("vmlinux")
    if not vmlinux:
        fail(("{} has no vmlinux among its outs; add \"vmlinux\" to outs of the kernel_build, or set base_kernel " +
              "when another kernel_build links it").format(ctx.attr.kernel_build.label))

    trees = [modules_prepare_tar(ctx.attr.modules_prepare)] + ctx.files.headers
    config, config_tree = dot_config(ctx.attr.kernel_build, ctx.attr.config)
    taken = None
    if not config:
        taken = ctx.actions.declare_file(ctx.label.name + "/config")
        trees = config_tree + trees
    headers = _gather(ctx, trees, release, taken)
    kernel = KheadersKernelInfo(
        arch = ctx.attr.arch,
        config = config or taken,
        headers = depset([headers]),
        image_tree = None,
        kernel_release = release,
        module_symvers = _symvers(ctx, symvers),
        modules = {name: file for name, file in outs.items() if name.endswith(".ko")},
        objects = None,
        outs = {name: file for name, file in outs.items() if not name.endswith(".ko")},
        report = None,
        system_map = outs.get("System.map"),
        vmlinux = vmlinux,
    )
    return [
        DefaultInfo(files = depset([vmlinux])),
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
        "base_kernel": attr.label(doc = "The `kernel_build` that `base_kernel` of a mixed build names: the GKI kernel.", providers = [OutputGroupInfo]),
        "config": attr.label(
            doc = "`<kernel_build>_config`. Not needed: .config is taken from what the kernel_build keeps (`keep_dot_config`) or from `modules_prepare`.",
        ),
        "headers": attr.label_list(
            doc = "`<kernel_build>_headers`, kernel-headers.tar.gz, for headers that the build makes only after modules_prepare; or further tars. What `srcs` or `modules_prepare` have too is not taken from here.",
            allow_files = [".tar.gz", ".tar"],
        ),
        "kernel_build": attr.label(doc = "Kleaf's `kernel_build`. In a mixed build the vendor's.", mandatory = True, providers = [OutputGroupInfo]),
        "modules_prepare": attr.label(doc = "`<kernel_build>_modules_prepare`.", mandatory = True),
        "srcs": attr.label_list(
            doc = "The kernel's source, as `kernel_build` has it in its srcs. Headers, Makefiles and scripts are taken from it.",
            allow_files = True,
            mandatory = True,
        ),
    },
    provides = [KheadersKernelInfo],
    toolchains = [TOOLCHAIN_TYPE],
)
