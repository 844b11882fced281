"Rule kheaders_extract"

load("//rules/private:programs.bzl", "KBUILD_TOOLCHAINS")
load("//rules/private:same_kernel.bzl", "carried_kernel")
load("//rules/private:toolchain.bzl", "STRIP_PATHS", "TOOLCHAIN_TYPE", "tools")
load("//rules/private:tree.bzl", "unpack_tree")
load("//rules/providers:archive_info.bzl", "KheadersArchiveInfo")

DOC = """Reads the archive back out of a carrier.

```starlark
kheaders_extract(
    name = "from_vmlinux",
    carrier = ":stamped",
)
```

The file is the carrier's region, byte for byte: what `/sys/kernel/kheaders.tar.xz` shows. The output group `tree` is the
directory of the unpacked archive.
"""

def _kheaders_extract_impl(ctx):
    archive = ctx.actions.declare_file(ctx.label.name + ".tar.xz")
    args = ctx.actions.args()
    args.add("extract")
    args.add("--carrier", ctx.file.carrier)
    if ctx.attr.sha256:
        args.add("--sha256", ctx.attr.sha256)
    args.add("--out", archive)
    ctx.actions.run(
        executable = tools(ctx).patcher,
        arguments = [args],
        inputs = [ctx.file.carrier],
        outputs = [archive],
        mnemonic = "KheadersExtract",
        progress_message = "Reading the archive of %{input}",
        execution_requirements = STRIP_PATHS,
        toolchain = TOOLCHAIN_TYPE,
    )
    tree = unpack_tree(ctx, archive)
    return [
        DefaultInfo(files = depset([archive])),
        OutputGroupInfo(tree = depset([tree])),
        KheadersArchiveInfo(
            archive = archive,
            kernel = carried_kernel(ctx.attr.carrier, ctx.file.carrier, ctx.attr.sha256),
            tree = tree,
        ),
    ]

kheaders_extract = rule(
    doc = DOC,
    implementation = _kheaders_extract_impl,
    attrs = {
        "carrier": attr.label(
            doc = "What carries an archive: vmlinux, kheaders.ko, a raw Image, or an archive itself.",
            allow_single_file = True,
            mandatory = True,
        ),
        "sha256": attr.string(doc = "The carrier's sha256. A file with another is refused."),
    },
    provides = [KheadersArchiveInfo],
    toolchains = [TOOLCHAIN_TYPE] + KBUILD_TOOLCHAINS,
)
