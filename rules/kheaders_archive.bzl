"Rule kheaders_archive"

load("//rules/private:host_tools.bzl", "HOST_TOOLS_ATTRS", "compile_host_tools")
load("//rules/private:programs.bzl", "KBUILD_TOOLCHAINS")
load("//rules/private:same_kernel.bzl", "built_kernel")
load("//rules/private:seed.bzl", "SEED_ATTRS", "add_seed")
load("//rules/private:source.bzl", "one_file")
load("//rules/private:toolchain.bzl", "STRIP_PATHS", "TOOLCHAIN_TYPE", "add_named", "param_file", "tools")
load("//rules/private:tree.bzl", "unpack_tree")
load("//rules/providers:archive_info.bzl", "KheadersArchiveInfo")
load("//rules/providers:kernel_info.bzl", "KheadersKernelInfo")

DOC = """Packs a kernel's headers, and what else a module's build needs, after modpost.

```starlark
kheaders_archive(
    name = "archive",
    kernel = ":linux",
)
```

The kernel is a target that provides `KheadersKernelInfo`, or plain files:

```starlark
kheaders_archive(
    name = "archive",
    arch = "arm64",
    config = "dist/.config",
    headers = ["dist/kernel-headers.tar.gz"],
    kernel_release = "dist/kernel.release",
    module_symvers = "dist/Module.symvers",
)
```

Same inputs, same bytes: nothing of the machine, the time or the order of inputs is in the archive. The output group `spdx` is an
SPDX 2.3 document of it: its members, their digests and licences.
"""

def _inputs(ctx):
    "The kernel's files, from the attribute `kernel` or one by one; the single ones win."
    kernel = ctx.attr.kernel[KheadersKernelInfo] if ctx.attr.kernel else None
    given = struct(
        arch = ctx.attr.arch or (kernel.arch if kernel else None),
        config = ctx.file.config or (kernel.config if kernel else None),
        headers = depset(ctx.files.headers, transitive = [kernel.headers] if kernel else []),
        kernel_release = ctx.file.kernel_release or (kernel.kernel_release if kernel else None),
        module_symvers = ctx.file.module_symvers or (kernel.module_symvers if kernel else None),
    )
    missing = [name for name in ["arch", "config", "kernel_release", "module_symvers"] if not getattr(given, name)]
    if not kernel and not ctx.files.headers:
        missing.append("headers")
    if missing:
        fail("{} is given no kernel and lacks {}; set kernel, or all of arch, config, headers, kernel_release, module_symvers".format(
            ctx.label,
            ", ".join(missing),
        ))
    return given

def _pack(ctx, given, archive, manifest, report, spdx):
    added = [(name, one_file(target, "add")) for target, name in ctx.attr.add.items()]
    args = param_file(ctx)
    args.add("pack")
    args.add("--profile", ctx.attr.profile)
    args.add("--arch", given.arch)
    args.add_all(given.headers, before_each = "--tree", expand_directories = False)
    args.add("--symvers", given.module_symvers)
    args.add("--config", given.config)
    args.add("--release", given.kernel_release)
    for name, file in added:
        add_named(args, "--add", name, file)
    args.add_all(ctx.attr.include, before_each = "--include")
    args.add_all(ctx.attr.exclude, before_each = "--exclude")
    args.add("--comments", ctx.attr.comments)
    args.add("--host-tools", ctx.attr.host_tools)
    add_seed(ctx, args)
    args.add("--preset", ctx.attr.preset)
    args.add("--out", archive)
    args.add("--manifest", manifest)
    args.add("--report", report)
    args.add("--spdx", spdx)
    ctx.actions.run(
        executable = tools(ctx).packer,
        arguments = [args],
        inputs = depset(
            [given.module_symvers, given.config, given.kernel_release] + [file for _, file in added],
            transitive = [given.headers],
        ),
        outputs = [archive, manifest, report, spdx],
        mnemonic = "KheadersPack",
        progress_message = "Packing %{label}",
        execution_requirements = STRIP_PATHS,
        toolchain = TOOLCHAIN_TYPE,
    )

def _kheaders_archive_impl(ctx):
    given = _inputs(ctx)
    archive = ctx.actions.declare_file(ctx.label.name + ".tar.xz")
    manifest = ctx.actions.declare_file(ctx.label.name + ".manifest")
    report = ctx.actions.declare_file(ctx.label.name + ".pack.json")
    spdx = ctx.actions.declare_file(ctx.label.name + ".spdx.json")
    _pack(ctx, given, archive, manifest, report, spdx)
    tree = unpack_tree(ctx, archive)
    host_tools = compile_host_tools(ctx, tree) if ctx.attr.profile.startswith("module") else None
    return [
        DefaultInfo(files = depset([archive])),
        OutputGroupInfo(manifest = depset([manifest]), report = depset([report]), spdx = depset([spdx]), tree = depset([tree])),
        KheadersArchiveInfo(
            archive = archive,
            host_tools = host_tools,
            kernel = built_kernel(given.module_symvers),
            manifest = manifest,
            report = report,
            tree = tree,
        ),
    ]

kheaders_archive = rule(
    doc = DOC,
    implementation = _kheaders_archive_impl,
    attrs = HOST_TOOLS_ATTRS | SEED_ATTRS | {
        "add": attr.label_keyed_string_dict(
            doc = "Further members: a file, and its name in the archive.",
            allow_files = True,
        ),
        "arch": attr.string(doc = "The kernel's name of the architecture, as x86_64 or arm64, when `kernel` does not say it."),
        "comments": attr.string(
            doc = "`strip` takes the comments out of C headers, all but SPDX lines, and blank lines and indentation with them; " +
                  "`lines` leaves every line where it was, for `__LINE__` and debug information; `keep` leaves the comments.",
            default = "strip",
            values = ["strip", "lines", "keep"],
        ),
        "config": attr.label(doc = "The kernel's .config.", allow_single_file = True),
        "exclude": attr.string_list(doc = "Patterns of members to leave out. One that matches nothing is an error."),
        "headers": attr.label_list(
            doc = "Directories or tars with members named as in a kernel tree. Together with `kernel`, they are added to its headers.",
            allow_files = True,
        ),
        "include": attr.string_list(doc = "Patterns of further files to take from the trees. One that matches nothing is an error."),
        "kernel": attr.label(doc = "The built kernel.", providers = [KheadersKernelInfo]),
        "kernel_release": attr.label(doc = "include/config/kernel.release.", allow_single_file = True),
        "module_symvers": attr.label(doc = "Module.symvers, from modpost.", allow_single_file = True),
        "preset": attr.string(
            doc = "`smallest` spends more time and memory on a smaller archive, `fast` less on a larger one; `tools/bazel run //bench:pack` prints both.",
            default = "default",
            values = ["default", "smallest", "fast"],
        ),
        "profile": attr.string(
            doc = "`module`: what building modules needs. `tracing`: upstream's content, headers alone. With `+uapi`, the " +
                  "trees' usr/include too, the sanitised headers for programs.",
            default = "module",
            values = ["module", "tracing", "module+uapi", "tracing+uapi"],
        ),
    },
    provides = [KheadersArchiveInfo],
    toolchains = [TOOLCHAIN_TYPE] + KBUILD_TOOLCHAINS,
)
