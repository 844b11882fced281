"Rule kheaders_vmlinux"

load("//rules/private:place.bzl", "PLACE_ATTRS")
load("//rules/private:stamp.bzl", "STAMP_ATTRS", "stamp")
load("//rules/private:toolchain.bzl", "TOOLCHAIN_TYPE")
load("//rules/providers:archive_info.bzl", "KheadersArchiveInfo")
load("//rules/providers:kernel_info.bzl", "KheadersKernelInfo", "with_vmlinux")

DOC = """Stamps an archive into a linked vmlinux, in place of its placeholder.

```starlark
kheaders_vmlinux(
    name = "stamped",
    archive = ":archive",
    kernel = ":linux",
)
```

Nothing is linked again and nothing moves: all but the placeholder's bytes stay what they were. With `kernel`, the result
is that kernel with the stamped vmlinux, and an image is made from it as from any other.
"""

def _kheaders_vmlinux_impl(ctx):
    if bool(ctx.attr.kernel) == bool(ctx.file.vmlinux):
        fail("{} has {} of kernel and vmlinux, expected one".format(ctx.label, "both" if ctx.attr.kernel else "neither"))
    kernel = ctx.attr.kernel[KheadersKernelInfo] if ctx.attr.kernel else None
    if kernel and not kernel.vmlinux:
        fail("{} has no vmlinux, so nothing can be stamped; set vmlinux on it, or carry the archive in a file (kheaders_initramfs)".format(
            ctx.attr.kernel.label,
        ))
    out = ctx.actions.declare_file(ctx.label.name + "/vmlinux")
    groups = stamp(ctx, kernel.vmlinux if kernel else ctx.file.vmlinux, ctx.attr.archive[KheadersArchiveInfo].archive, out)
    providers = [
        DefaultInfo(files = depset([out])),
        OutputGroupInfo(**groups),
    ]
    if kernel:
        providers.append(with_vmlinux(kernel, out))
    return providers

kheaders_vmlinux = rule(
    doc = DOC,
    implementation = _kheaders_vmlinux_impl,
    attrs = STAMP_ATTRS | PLACE_ATTRS | {
        "kernel": attr.label(doc = "The built kernel. Either this or `vmlinux`.", providers = [KheadersKernelInfo]),
        "vmlinux": attr.label(doc = "A linked vmlinux, from any build.", allow_single_file = True),
    },
    toolchains = [TOOLCHAIN_TYPE],
)
