"Rule linux_kernel_file"

load("//rules/providers:kernel_info.bzl", "KheadersKernelInfo")

def _linux_kernel_file_impl(ctx):
    kernel = ctx.attr.kernel[KheadersKernelInfo]
    known = {
        ".config": kernel.config,
        "Module.symvers": kernel.module_symvers,
        "System.map": kernel.system_map,
        "include/config/kernel.release": kernel.kernel_release,
        "vmlinux": kernel.vmlinux,
    } | kernel.modules | kernel.outs
    file = known.get(ctx.attr.path)
    if not file:
        fail("{} has no file {}, only {}; name it in module_outs or outs of the kernel".format(
            ctx.attr.kernel.label,
            ctx.attr.path,
            ", ".join(sorted([name for name, file in known.items() if file])),
        ))
    return [DefaultInfo(files = depset([file]))]

linux_kernel_file = rule(
    doc = "One file of a built kernel, by its path in the objects' tree.",
    implementation = _linux_kernel_file_impl,
    attrs = {
        "kernel": attr.label(doc = "The kernel.", mandatory = True, providers = [KheadersKernelInfo]),
        "path": attr.string(doc = "The path: vmlinux, Module.symvers, or one of the kernel's module_outs or outs.", mandatory = True),
    },
)
