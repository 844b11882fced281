"Rule renamed_kernel: a kernel whose placeholder has neither the section nor the symbols by which it is found at once."

load("//rules:defs.bzl", "KheadersKernelInfo")

def _renamed_kernel_impl(ctx):
    kernel = ctx.attr.kernel[KheadersKernelInfo]
    out = ctx.actions.declare_file(ctx.label.name + "/vmlinux")
    args = ctx.actions.args()
    args.add("--rename-section", ".rodata1=.renamed")
    args.add("--redefine-sym", "kernel_headers_data=renamed")
    args.add("--redefine-sym", "kernel_headers_data_end=renamed_end")
    args.add_all([kernel.vmlinux, out])
    ctx.actions.run_shell(
        command = 'objcopy "$@"',
        arguments = [args],
        inputs = [kernel.vmlinux],
        outputs = [out],
        use_default_shell_env = True,
    )
    return [KheadersKernelInfo(
        arch = kernel.arch,
        config = kernel.config,
        headers = kernel.headers,
        image_tree = kernel.image_tree,
        kernel_release = kernel.kernel_release,
        module_symvers = kernel.module_symvers,
        vmlinux = out,
    )]

renamed_kernel = rule(
    implementation = _renamed_kernel_impl,
    attrs = {"kernel": attr.label(mandatory = True, providers = [KheadersKernelInfo])},
)
