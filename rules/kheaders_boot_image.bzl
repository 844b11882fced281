"Rule kheaders_boot_image"

load("//rules/private:programs.bzl", "KBUILD_TOOLCHAINS", "run_with_programs")
load("//rules/private:toolchain.bzl", "TOOLCHAIN_TYPE", "optional_tool")

DOC = """Puts a stamped kernel into an Android boot image, of header version 2 to 4, by AOSP's own programs.

```starlark
kheaders_boot_image(
    name = "boot",
    boot_image = "prebuilt/boot.img",
    kernel = ":Image_lz4",
    mkbootimg = "@mkbootimg//:mkbootimg",
    unpack_bootimg = "@mkbootimg//:unpack_bootimg",
)
```

All but the kernel stays as it was: the header's fields, command line and addresses, ramdisk, dtb; what mkbootimg made is held
against the image that was given. The kernel must be compressed as the one that it replaces. An AVB footer and a boot signature
are of the old kernel, and are left out: see docs/boot-images.md.
"""

def _kheaders_boot_image_impl(ctx):
    out = ctx.actions.declare_file(ctx.label.name + ".img")
    args = ctx.actions.args()
    args.add("boot-image")
    args.add("--image", ctx.file.boot_image)
    args.add("--kernel", ctx.file.kernel)
    args.add("--mkbootimg", ctx.executable.mkbootimg)
    args.add("--unpack-bootimg", ctx.executable.unpack_bootimg)
    args.add("--out", out)
    args.add(out, format = "--scratch=%s.scratch")
    run_with_programs(
        ctx,
        optional_tool(ctx, "kmodule"),
        arguments = [args],
        inputs = [ctx.file.boot_image, ctx.file.kernel],
        outputs = [out],
        tools = [ctx.attr.mkbootimg[DefaultInfo].files_to_run, ctx.attr.unpack_bootimg[DefaultInfo].files_to_run],
        mnemonic = "KheadersBootImage",
        progress_message = "Making %{output}",
        # AOSP's programs are Python scripts.
        needs = {"python3": "python3"},
    )
    return [DefaultInfo(files = depset([out]))]

kheaders_boot_image = rule(
    doc = DOC,
    implementation = _kheaders_boot_image_impl,
    attrs = {
        "boot_image": attr.label(doc = "The boot image, with any kernel in it.", allow_single_file = True, mandatory = True),
        "kernel": attr.label(
            doc = "The kernel to put in: Image, Image.gz or Image.lz4 of a stamped vmlinux, or a bzImage.",
            allow_single_file = True,
            mandatory = True,
        ),
        "mkbootimg": attr.label(doc = "AOSP's mkbootimg.", allow_files = True, cfg = "exec", executable = True, mandatory = True),
        "unpack_bootimg": attr.label(doc = "AOSP's unpack_bootimg.", allow_files = True, cfg = "exec", executable = True, mandatory = True),
    },
    toolchains = [TOOLCHAIN_TYPE] + KBUILD_TOOLCHAINS,
)
