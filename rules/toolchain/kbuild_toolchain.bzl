"Rule kbuild_toolchain"

KbuildToolchainInfo = provider(
    doc = "The programs that a kernel's make runs.",
    fields = {
        "files": "(depset[File]) inputs of each action that runs one of them.",
        "label": "(Label) the kbuild_toolchain, for errors.",
        "programs": "(depset[File]) files and directories of files that are found by their names, where there is no root.",
        "root": "(File) a root file system, a tar or a source directory, or None.",
    },
)

DOC = """The compilers, make and other programs by which kernels, images, modules, host tools and eBPF objects are built.

They are inputs of the actions, which then run no program of the machine's, but /bin/sh with `programs`. One of:

```starlark
# A root file system, or a layer of an image:
# mmdebstrap --variant=essential --include=bc,bison,flex,gcc,libelf-dev,libssl-dev,make,patch,perl,xz-utils forky root.tar
kbuild_toolchain(
    name = "debian",
    root = "root.tar",
)

# Programs, and a C++ toolchain of Bazel's for the compiler.
kbuild_toolchain(
    name = "prebuilts",
    data = ["//prebuilts/build-tools:libraries"],
    programs = ["//prebuilts/build-tools:programs"],
)

# The machine's own, as without a toolchain, where another is registered.
kbuild_toolchain(name = "machine")

toolchain(
    name = "debian_toolchain",
    toolchain = ":debian",
    toolchain_type = "@rules_kheaders//rules/toolchain:kbuild_toolchain_type",
)
```
"""

def _kbuild_toolchain_impl(ctx):
    if ctx.file.root and (ctx.files.programs or ctx.files.data):
        fail("{} has root and {}; expected one: a root has all programs".format(ctx.label, "programs" if ctx.files.programs else "data"))
    if ctx.file.root and ctx.file.root.is_directory and not ctx.file.root.is_source:
        fail("{} has the root {}, a directory that an action makes; expected a tar, for Bazel follows the links of such a directory".format(ctx.label, ctx.file.root.short_path))
    if ctx.files.data and not ctx.files.programs:
        fail("{} has data and no programs; set programs".format(ctx.label))
    if not ctx.file.root and not ctx.files.programs:
        return [platform_common.ToolchainInfo(kbuild = None)]
    files = [ctx.file.root] if ctx.file.root else ctx.files.programs + ctx.files.data
    return [platform_common.ToolchainInfo(
        kbuild = KbuildToolchainInfo(
            files = depset(files),
            label = ctx.label,
            programs = depset(ctx.files.programs),
            root = ctx.file.root,
        ),
    )]

kbuild_toolchain = rule(
    doc = DOC,
    implementation = _kbuild_toolchain_impl,
    attrs = {
        "data": attr.label_list(
            doc = "What `programs` need beside: libraries that are found through $ORIGIN, headers and libraries of a host compiler.",
            allow_files = True,
            cfg = "exec",
        ),
        "programs": attr.label_list(
            doc = "Programs, or directories of them: PATH is the directories of these files, and no other. The compiler is that of " +
                  "the C++ toolchain, whose files are inputs too, or a `gcc` or `clang` among these; host tools are compiled by " +
                  "`gcc`. A compiler that needs a --sysroot is a script of that name.",
            allow_files = True,
            cfg = "exec",
        ),
        "root": attr.label(
            doc = "A root file system: a tar, plain or compressed by gzip, xz or zstd, which each action unpacks; or, for local execution, a " +
                  "directory that a repository rule has unpacked. The action runs in it, in a user namespace: its /usr, /bin, /lib, " +
                  "/etc and /opt are in place of the machine's.",
            allow_single_file = True,
            cfg = "exec",
        ),
    },
    provides = [platform_common.ToolchainInfo],
)
