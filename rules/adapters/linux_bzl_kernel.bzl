"Rule linux_bzl_kernel"

load("//rules/private:compiler.bzl", "COMPILERS_ATTR")
load("//rules/private:programs.bzl", "KBUILD_TOOLCHAINS", "required_programs", "run_with_programs")
load("//rules/private:source.bzl", "source_args", "source_inputs")
load("//rules/private:toolchain.bzl", "TOOLCHAIN_TYPE", "optional_tool", "param_file")
load("//rules/providers:kernel_info.bzl", "KheadersKernelInfo")
load("//rules/providers:source_info.bzl", "LinuxSourceInfo")

DOC = """A kernel that hermeticbuild/linux.bzl builds, or any rule that outputs these files and no headers.

```starlark
linux_bzl_kernel(
    name = "linux",
    arch = "x86_64",
    config = "@example_kernel//:config",
    kernel_release = "@example_kernel//:kernel_release",
    llvm = "1",
    module_symvers = "@example_kernel//:module_symvers",
    source = "@linux_6_18//:source",
    vmlinux = "@example_kernel//:vmlinux",
)
```

Generated headers, scripts and host tools are made here, from the source and the configuration, by `make modules_prepare`; the
kernel is not built again. A source that makes another configuration of the given one is refused.
"""

def _prepare(ctx):
    source = ctx.attr.source[LinuxSourceInfo]
    tree = ctx.actions.declare_file(ctx.label.name + "/headers.tar")
    args = param_file(ctx)
    args.add("prepare")
    source_args(args, source)
    args.add("--arch", ctx.attr.arch)
    args.add("--cross-compile", ctx.attr.cross_compile)
    args.add("--llvm", ctx.attr.llvm)
    args.add("--config", ctx.file.config)
    args.add("--release", ctx.file.kernel_release)
    args.add("--out", tree)
    run_with_programs(
        ctx,
        optional_tool(ctx, "kmodule"),
        arguments = [args],
        inputs = source_inputs(source) + [ctx.file.config, ctx.file.kernel_release],
        machine = ctx.files.required_programs + ctx.files._compilers,
        needs = required_programs(ctx),
        outputs = [tree],
        mnemonic = "KheadersPrepare",
        progress_message = "Making the generated headers of %{label}",
    )
    return tree

def _linux_bzl_kernel_impl(ctx):
    headers = depset([_prepare(ctx)])
    return [
        DefaultInfo(files = depset([ctx.file.vmlinux])),
        OutputGroupInfo(headers = headers),
        KheadersKernelInfo(
            arch = ctx.attr.arch,
            config = ctx.file.config,
            headers = headers,
            kernel_release = ctx.file.kernel_release,
            module_symvers = ctx.file.module_symvers,
            system_map = ctx.file.system_map,
            vmlinux = ctx.file.vmlinux,
        ),
    ]

linux_bzl_kernel = rule(
    doc = DOC,
    implementation = _linux_bzl_kernel_impl,
    attrs = COMPILERS_ATTR | {
        "arch": attr.string(doc = "The kernel's name of the architecture, as in ARCH=: x86_64, arm64, arm.", mandatory = True),
        "config": attr.label(doc = "The complete .config: `:config`.", allow_single_file = True, mandatory = True),
        "cross_compile": attr.string(doc = "CROSS_COMPILE, the prefix of the binutils and the compiler."),
        "kernel_release": attr.label(doc = "What `uname -r` prints: `:kernel_release`.", allow_single_file = True, mandatory = True),
        "llvm": attr.string(doc = "LLVM, as `1`, where the kernel was built with clang, as linux.bzl does."),
        "module_symvers": attr.label(doc = "Module.symvers: `:module_symvers`.", allow_single_file = True, mandatory = True),
        "required_programs": attr.label(
            doc = "The programs and C headers that the machine must provide: a `kbuild_required_programs`. All of them are looked for before the build.",
            default = Label("//rules/kbuild:required_programs"),
        ),
        "source": attr.label(
            doc = "The source that the kernel was built from, with its patches.",
            mandatory = True,
            providers = [LinuxSourceInfo],
        ),
        "system_map": attr.label(doc = "System.map, where there is one.", allow_single_file = True),
        "vmlinux": attr.label(doc = "The linked kernel: `:vmlinux`.", allow_single_file = True, mandatory = True),
    },
    provides = [KheadersKernelInfo],
    toolchains = [TOOLCHAIN_TYPE] + KBUILD_TOOLCHAINS,
)
