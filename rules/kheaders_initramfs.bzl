"Rule kheaders_initramfs"

load("//rules/private:toolchain.bzl", "STRIP_PATHS", "TOOLCHAIN_TYPE", "tools")
load("//rules/providers:archive_info.bzl", "KheadersArchiveInfo")

DOC = """A cpio that puts an archive into the initramfs, for kernels that carry none themselves.

```starlark
kheaders_initramfs(
    name = "headers_cpio",
    archive = ":archive",
    path = "/usr/lib/kheaders.tar.xz",
)
```

Give it to the boot loader as a second initramfs, or append it to the first with `packer initramfs --append-to`: the kernel
takes a plain cpio only at a multiple of 4 bytes, so `cat` alone does not do. Nothing is stamped, and the memory is the
file's, freed when it is removed.
"""

def _kheaders_initramfs_impl(ctx):
    out = ctx.actions.declare_file(ctx.label.name + ".cpio")
    archive = ctx.attr.archive[KheadersArchiveInfo].archive
    args = ctx.actions.args()
    args.add("initramfs")
    args.add("--archive", archive)
    args.add("--name", ctx.attr.path)
    args.add("--out", out)
    ctx.actions.run(
        executable = tools(ctx).packer,
        arguments = [args],
        inputs = [archive],
        outputs = [out],
        mnemonic = "KheadersInitramfs",
        progress_message = "Making %{output}",
        execution_requirements = STRIP_PATHS,
        toolchain = TOOLCHAIN_TYPE,
    )
    return [DefaultInfo(files = depset([out]))]

kheaders_initramfs = rule(
    doc = DOC,
    implementation = _kheaders_initramfs_impl,
    attrs = {
        "archive": attr.label(doc = "The archive.", mandatory = True, providers = [KheadersArchiveInfo]),
        "path": attr.string(doc = "Where the guest finds it: an absolute path.", default = "/usr/lib/kheaders.tar.xz"),
    },
    toolchains = [TOOLCHAIN_TYPE],
)
