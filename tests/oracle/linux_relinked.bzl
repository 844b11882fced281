"Rule linux_relinked: a kernel that is linked a second time, with another archive or another kheaders.c."

load("//rules:defs.bzl", "KheadersKernelInfo", "LinuxSourceInfo")
load("//rules/private:source.bzl", "source_args", "source_inputs")

def _linux_relinked_impl(ctx):
    kernel = ctx.attr.kernel[KheadersKernelInfo]
    source = ctx.attr.source[LinuxSourceInfo]
    symvers = ctx.actions.declare_file(ctx.label.name + "/Module.symvers")
    image = ctx.actions.declare_file(ctx.label.name + "/bzImage")
    vmlinux = ctx.actions.declare_file(ctx.label.name + "/vmlinux")
    args = ctx.actions.args()
    source_args(args, source)
    args.add("--arch", kernel.arch)
    args.add("--objects", kernel.objects)
    args.add("--archive", ctx.file.archive)
    args.add("--vmlinux", vmlinux)
    args.add("--symvers", symvers)
    args.add("--goal", "bzImage")
    args.add("--image", image)
    ctx.actions.run(
        executable = ctx.executable._relink,
        arguments = [args],
        inputs = source_inputs(source) + [kernel.objects, ctx.file.archive],
        outputs = [symvers, image, vmlinux],
        mnemonic = "KernelRelink",
        progress_message = "Linking %{label} a second time",
        use_default_shell_env = True,
    )
    return [
        DefaultInfo(files = depset([image])),
        OutputGroupInfo(module_symvers = depset([symvers])),
        KheadersKernelInfo(
            arch = kernel.arch,
            config = kernel.config,
            cross_compile = kernel.cross_compile,
            headers = kernel.headers,
            image_tree = kernel.image_tree,
            kernel_release = kernel.kernel_release,
            llvm = kernel.llvm,
            module_symvers = symvers,
            modules = kernel.modules,
            vmlinux = vmlinux,
        ),
    ]

linux_relinked = rule(
    implementation = _linux_relinked_impl,
    attrs = {
        "archive": attr.label(allow_single_file = True, mandatory = True),
        "kernel": attr.label(mandatory = True, providers = [KheadersKernelInfo]),
        "source": attr.label(mandatory = True, providers = [LinuxSourceInfo]),
        "_relink": attr.label(default = "//tests/oracle/relink", executable = True, cfg = "exec"),
    },
)
