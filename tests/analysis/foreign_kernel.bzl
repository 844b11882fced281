"Rule foreign_kernel: a kernel that somebody else built, from which no image can be made here."

load("//rules:defs.bzl", "KheadersKernelInfo")

def _foreign_kernel_impl(ctx):
    kernel = ctx.attr.kernel[KheadersKernelInfo]

    # Looked at, and not used: any file does.
    brought_out = {path: kernel.vmlinux for path in ctx.attr.outs}
    return [KheadersKernelInfo(
        arch = kernel.arch,
        config = kernel.config,
        headers = kernel.headers,
        kernel_release = kernel.kernel_release,
        module_symvers = kernel.module_symvers,
        modules = {path: file for path, file in brought_out.items() if path.endswith(".ko")},
        outs = {path: file for path, file in brought_out.items() if not path.endswith(".ko")},
        vmlinux = kernel.vmlinux,
    )]

foreign_kernel = rule(
    implementation = _foreign_kernel_impl,
    attrs = {
        "kernel": attr.label(mandatory = True, providers = [KheadersKernelInfo]),
        "outs": attr.string_list(),
    },
)
