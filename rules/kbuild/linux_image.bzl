"Rule linux_image"

load("//rules/private:compiler.bzl", "COMPILERS_ATTR")
load("//rules/private:programs.bzl", "KBUILD_TOOLCHAINS", "MODULE_PROGRAMS", "run_with_programs")
load("//rules/private:toolchain.bzl", "TOOLCHAIN_TYPE", "optional_tool")
load("//rules/providers:kernel_info.bzl", "KheadersKernelInfo")

DOC = """Makes the bootable image of a finished vmlinux, stamped or not.

```starlark
linux_image(
    name = "bzImage",
    kernel = ":stamped",
)
```

Kbuild makes it, and is told that vmlinux is up to date: nothing but the image's wrapper is compiled.
"""

_GOALS = {"x86_64": "bzImage", "arm64": "Image"}

def _linux_image_impl(ctx):
    kernel = ctx.attr.kernel[KheadersKernelInfo]
    if not kernel.image_tree:
        fail("{} has no image_tree, so no image can be made from it; its own build must make the image from the stamped vmlinux".format(
            ctx.attr.kernel.label,
        ))
    goal = ctx.attr.format or _GOALS.get(kernel.arch)
    if not goal:
        fail("no image format is known for arch {}; set format to the make goal".format(kernel.arch))
    out = ctx.actions.declare_file("{}/{}".format(ctx.label.name, goal))
    args = ctx.actions.args()
    args.add("image")
    args.add("--arch", kernel.arch)
    args.add("--cross-compile", ctx.attr.cross_compile or kernel.cross_compile)
    args.add("--llvm", ctx.attr.llvm or kernel.llvm)
    args.add("--tree", kernel.image_tree)
    args.add("--vmlinux", kernel.vmlinux)
    args.add("--goal", goal)
    args.add("--out", out)
    run_with_programs(
        ctx,
        optional_tool(ctx, "kbuild"),
        arguments = [args],
        inputs = [kernel.image_tree, kernel.vmlinux],
        machine = ctx.files._compilers,
        needs = MODULE_PROGRAMS | {"tar": "tar"},
        outputs = [out],
        mnemonic = "KernelImage",
        progress_message = "Making %{output}",
    )
    return [DefaultInfo(files = depset([out]))]

linux_image = rule(
    doc = DOC,
    implementation = _linux_image_impl,
    attrs = COMPILERS_ATTR | {
        "cross_compile": attr.string(doc = "CROSS_COMPILE, the prefix of the binutils and the compiler; the kernel's own by default."),
        "format": attr.string(doc = "The make goal: bzImage, Image, Image.gz, Image.lz4. By the architecture when not given."),
        "kernel": attr.label(doc = "The kernel.", mandatory = True, providers = [KheadersKernelInfo]),
        "llvm": attr.string(doc = "LLVM, as `1`, to build with clang and LLVM's binutils; as the kernel was by default."),
    },
    toolchains = [TOOLCHAIN_TYPE] + KBUILD_TOOLCHAINS,
)
