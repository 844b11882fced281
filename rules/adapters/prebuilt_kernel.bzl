"Rule prebuilt_kernel"

load("//rules/private:module.bzl", "source_name")
load("//rules/private:seed.bzl", "SEED_ATTRS", "add_seed")
load("//rules/private:toolchain.bzl", "TOOLCHAIN_TYPE", "param_file", "tools")
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

A distribution divides a kernel's headers into several directories, which lead to one another. `header_roots` names those that
have a kernel's tree in them, and one tree is made of both; `headers` is then a tar of all, or the plain files:

```starlark
prebuilt_kernel(
    name = "debian",
    arch = "x86_64",
    config = "boot/config-6.1.0-50-amd64",
    header_roots = [
        "usr/src/linux-headers-6.1.0-50-amd64",
        "usr/src/linux-headers-6.1.0-50-common",
    ],
    headers = ["headers.tar"],  # with usr/src and usr/lib/linux-kbuild-6.1
    module_symvers = "usr/src/linux-headers-6.1.0-50-amd64/Module.symvers",
)
```
"""

def _is_tar(file):
    return any([file.basename.endswith(suffix) for suffix in [".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.zst"]])

def _entries(root, files):
    "Those of the files that are below a root, as NAME=FILE with the name in a kernel's tree."
    root = root.strip("/") + "/"
    return [
        "{}={}".format(source_name(f).removeprefix(root), f.path)
        for f in files
        if source_name(f).startswith(root)
    ]

def _gather(ctx):
    "Declares the one tree of all roots, a tar, and the release that it is of."
    tree = ctx.actions.declare_file(ctx.label.name + "/headers.tar")
    release = ctx.actions.declare_file(ctx.label.name + "/kernel.release")
    tars = [f for f in ctx.files.headers if f.is_directory or _is_tar(f)]
    plain = [f for f in ctx.files.headers if f not in tars]
    if tars and plain:
        fail("headers of {} have {} and plain files such as {}; expected one or the other with header_roots".format(
            ctx.label,
            tars[0].short_path,
            plain[0].short_path,
        ))
    args = param_file(ctx)
    args.add("gather")
    args.add("--arch", ctx.attr.arch)
    args.add("--out", tree)
    add_seed(ctx, args)
    args.add(release, format = "--take=include/config/kernel.release=%s")
    lists = []
    if tars:
        args.add_all(tars, before_each = "--tree", expand_directories = False)
        args.add_all(ctx.attr.header_roots, before_each = "--root")
    else:
        for i, root in enumerate(ctx.attr.header_roots):
            entries = _entries(root, plain)
            if not entries:
                fail("header_roots of {} has {}, and no file of headers is below it; expected directories relative to the files' package, as usr/src/linux-headers-6.1.0-50-amd64".format(
                    ctx.label,
                    root,
                ))
            list = ctx.actions.declare_file("{}/{}.list".format(ctx.label.name, i))
            ctx.actions.write(list, "\n".join(entries) + "\n")
            lists.append(list)
        args.add_all(lists, before_each = "--files")
    ctx.actions.run(
        executable = tools(ctx).packer,
        arguments = [args],
        inputs = ctx.files.headers + lists,
        outputs = [tree, release],
        mnemonic = "KheadersGather",
        progress_message = "Gathering the headers of %{label}",
        toolchain = TOOLCHAIN_TYPE,
    )
    return tree, release

def _prebuilt_kernel_impl(ctx):
    release = ctx.file.kernel_release
    if ctx.attr.header_roots:
        if release:
            fail("{} has header_roots and kernel_release, expected one: with header_roots the release is read from the headers".format(ctx.label))
        tree, release = _gather(ctx)
        headers = depset([tree])
    else:
        if not release:
            fail("{} has neither kernel_release nor header_roots; set kernel_release to the build's include/config/kernel.release".format(ctx.label))
        headers = depset(ctx.files.headers)
    kernel = KheadersKernelInfo(
        arch = ctx.attr.arch,
        config = ctx.file.config,
        headers = headers,
        kernel_release = release,
        module_symvers = ctx.file.module_symvers,
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
    attrs = SEED_ATTRS | {
        "arch": attr.string(doc = "The kernel's name of the architecture, as in ARCH=: x86_64, arm64.", mandatory = True),
        "config": attr.label(doc = "The kernel's complete .config.", allow_single_file = True, mandatory = True),
        "header_roots": attr.string_list(
            doc = "Directories of `headers`, as they are in a tar, or relative to the files' package, that make one tree: what is " +
                  "below each is named as in a kernel's tree. Of two files of one name the first directory's is taken.",
        ),
        "headers": attr.label_list(
            doc = "Directories or tars with members named as in a kernel's tree; with `header_roots`, such that hold these, or plain files.",
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
