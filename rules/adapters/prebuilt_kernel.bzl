"Rule prebuilt_kernel"

load("//rules/private:toolchain.bzl", "TOOLCHAIN_TYPE", "optional_tool", "param_file")
load("//rules/providers:kernel_info.bzl", "KheadersKernelInfo")

DOC = """A kernel out of plain files: a directory that some build has left, or what a distribution installs.

```starlark
prebuilt_kernel(
    name = "linux",
    arch = "arm64",
    config = "dist/.config",
    headers = ["dist/kernel-headers.tar.gz"],
    kernel_release = "dist/kernel.release",
    module_symvers = "dist/Module.symvers",
    vmlinux = "dist/vmlinux",
)
```

A distribution divides a kernel's headers into several directories, which lead to one another by the absolute paths where they
are installed. `header_roots` names them, and one tree is made of their files:

```starlark
prebuilt_kernel(
    name = "debian",
    arch = "x86_64",
    config = "boot/config-6.1.0-50-amd64",
    header_roots = [
        "usr/src/linux-headers-6.1.0-50-amd64",
        "usr/src/linux-headers-6.1.0-50-common",
        "usr/lib/linux-kbuild-6.1",
    ],
    headers = glob(["usr/src/**", "usr/lib/linux-kbuild-6.1/**"]),
    module_symvers = "usr/src/linux-headers-6.1.0-50-amd64/Module.symvers",
)
```
"""

def _path(file):
    "A file's path relative to the package that it belongs to."
    path = file.short_path
    if path.startswith("../"):
        path = path.split("/", 2)[2]
    package = file.owner.package
    return path.removeprefix(package + "/") if package else path

def _named(ctx):
    "The headers' files as (name in a kernel's tree, File), those of the first root first."
    roots = [root.strip("/") + "/" for root in ctx.attr.header_roots]
    found = {root: [] for root in roots}
    for file in ctx.files.headers:
        path = _path(file)
        for root in roots:
            if path.startswith(root):
                found[root].append((path.removeprefix(root), file))
    for root, files in found.items():
        if not files:
            fail("header_roots of {} has {}, and no file of headers is below it; expected directories relative to the files' package, as usr/src/linux-headers-6.1.0-50-amd64".format(
                ctx.label,
                root,
            ))
    return [pair for root in roots for pair in found[root]]

def _merge(ctx):
    "Declares the tree, a tar, and the release that it is of."
    named = _named(ctx)
    tree = ctx.actions.declare_file(ctx.label.name + "/headers.tar")
    release = ctx.actions.declare_file(ctx.label.name + "/kernel.release")
    args = param_file(ctx)
    args.add("merge")
    for name, file in named:
        args.add("--file")
        args.add(file, format = name.replace("%", "%%") + "=%s")
    args.add("--config", ctx.file.config)
    args.add("--out", tree)
    args.add("--release", release)
    ctx.actions.run(
        executable = optional_tool(ctx, "kmodule"),
        arguments = [args],
        inputs = [ctx.file.config] + [file for _, file in named],
        outputs = [tree, release],
        mnemonic = "KheadersMerge",
        progress_message = "Making one tree of the headers of %{label}",
        toolchain = TOOLCHAIN_TYPE,
    )
    return tree, release

def _prebuilt_kernel_impl(ctx):
    release = ctx.file.kernel_release
    if ctx.attr.header_roots:
        if release:
            fail("{} has header_roots and kernel_release, expected one: with header_roots the release is read from the headers".format(ctx.label))
        tree, release = _merge(ctx)
        headers = depset([tree])
    else:
        if not release:
            fail("{} has neither kernel_release nor header_roots; set kernel_release to the build's include/config/kernel.release".format(ctx.label))
        headers = depset(ctx.files.headers)
    kernel = KheadersKernelInfo(
        arch = ctx.attr.arch,
        config = ctx.file.config,
        headers = headers,
        image_tree = None,
        kernel_release = release,
        module_symvers = ctx.file.module_symvers,
        modules = {},
        objects = None,
        outs = {},
        report = None,
        system_map = ctx.file.system_map,
        vmlinux = ctx.file.vmlinux,
    )
    return [
        DefaultInfo(files = depset([kernel.vmlinux] if kernel.vmlinux else [])),
        OutputGroupInfo(headers = headers, kernel_release = depset([release])),
        kernel,
    ]

prebuilt_kernel = rule(
    doc = DOC,
    implementation = _prebuilt_kernel_impl,
    attrs = {
        "arch": attr.string(doc = "The kernel's name of the architecture, as in ARCH=: x86_64, arm64.", mandatory = True),
        "config": attr.label(doc = "The kernel's complete .config.", allow_single_file = True, mandatory = True),
        "header_roots": attr.string_list(
            doc = "Directories of `headers`, relative to the files' package, that make one tree: what is below each is named as " +
                  "in a kernel's tree. Of two files of one name the first directory's is taken.",
        ),
        "headers": attr.label_list(
            doc = "Directories or tars with members named as in a kernel's tree; with `header_roots`, plain files.",
            allow_files = True,
            mandatory = True,
        ),
        "kernel_release": attr.label(doc = "include/config/kernel.release: one line, what `uname -r` prints.", allow_single_file = True),
        "module_symvers": attr.label(doc = "Module.symvers of vmlinux and all in-tree modules.", allow_single_file = True, mandatory = True),
        "system_map": attr.label(doc = "System.map, where there is one.", allow_single_file = True),
        "vmlinux": attr.label(doc = "The linked kernel, where there is one: it is needed to stamp an archive.", allow_single_file = True),
    },
    provides = [KheadersKernelInfo],
    toolchains = [TOOLCHAIN_TYPE],
)
