"Rule without_key: a kernel that brings out kheaders.ko and the program that signs it, and no key."

load("//rules:defs.bzl", "KheadersKernelInfo")

def _without_key_impl(ctx):
    kernel = ctx.attr.kernel[KheadersKernelInfo]
    return [KheadersKernelInfo(
        arch = kernel.arch,
        config = kernel.config,
        headers = kernel.headers,
        image_tree = None,
        kernel_release = kernel.kernel_release,
        module_symvers = kernel.module_symvers,
        # Looked at, and not used: any file does.
        modules = {"kernel/kheaders.ko": kernel.vmlinux},
        objects = None,
        outs = {"scripts/sign-file": kernel.vmlinux},
        report = None,
        system_map = None,
        vmlinux = kernel.vmlinux,
    )]

without_key = rule(
    implementation = _without_key_impl,
    attrs = {"kernel": attr.label(mandatory = True, providers = [KheadersKernelInfo])},
)
