"Rule kheaders_image"

load("//rules/private:stamp.bzl", "STAMP_ATTRS", "stamp")
load("//rules/private:toolchain.bzl", "TOOLCHAIN_TYPE")
load("//rules/providers:archive_info.bzl", "KheadersArchiveInfo")

DOC = """Stamps an archive into a raw kernel image, where there is no vmlinux at hand.

```starlark
kheaders_image(
    name = "stamped_image",
    archive = ":archive",
    image = "prebuilt/Image",
)
```

The placeholder is found by its marker, for a raw image (arm64 and riscv `Image`) has neither sections nor symbols. A
compressed image is refused: stamp the vmlinux or the raw image that it is made from.
"""

def _kheaders_image_impl(ctx):
    out = ctx.actions.declare_file("{}/{}".format(ctx.label.name, ctx.file.image.basename))
    groups = stamp(ctx, ctx.file.image, ctx.attr.archive[KheadersArchiveInfo].archive, out)
    return [
        DefaultInfo(files = depset([out])),
        OutputGroupInfo(**groups),
    ]

kheaders_image = rule(
    doc = DOC,
    implementation = _kheaders_image_impl,
    attrs = STAMP_ATTRS | {
        "image": attr.label(doc = "The raw image.", allow_single_file = True, mandatory = True),
    },
    toolchains = [TOOLCHAIN_TYPE],
)
