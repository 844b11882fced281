"Rule without_image_tree: a kernel that somebody else built, from which no image can be made here."

load("//rules:defs.bzl", "KheadersKernelInfo")

def _without_image_tree_impl(ctx):
    kernel = ctx.attr.kernel[KheadersKernelInfo]
    return [KheadersKernelInfo(
        arch = kernel.arch,
        config = kernel.config,
        headers = kernel.headers,
        image_tree = None,
        kernel_release = kernel.kernel_release,
        module_symvers = kernel.module_symvers,
        modules = {},
        objects = None,
        outs = {},
        report = None,
        system_map = None,
        vmlinux = kernel.vmlinux,
    )]

without_image_tree = rule(
    implementation = _without_image_tree_impl,
    attrs = {"kernel": attr.label(mandatory = True, providers = [KheadersKernelInfo])},
)
