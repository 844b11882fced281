"Rule linux_kernel"

load("//rules/private:kernel.bzl", "KERNEL_ATTRS", "kernel_action")
load("//rules/private:programs.bzl", "KBUILD_TOOLCHAINS")
load("//rules/private:toolchain.bzl", "TOOLCHAIN_TYPE")
load("//rules/providers:kernel_info.bzl", "KheadersKernelInfo")

DOC = """Builds a Linux kernel with its own Kbuild, out of tree (`O=`), from a source that is only read.

```starlark
linux_kernel(
    name = "linux",
    arch = "x86_64",
    base_config = "defconfig",
    config_fragments = ["my.config"],
    placeholder = ":placeholder",
    source = ":source",
)
```

The kernel is linked with the placeholder inside; an archive takes its place later, by `kheaders_vmlinux`. An option of a
fragment that Kconfig does not take is an error.
"""

def _linux_kernel_impl(ctx):
    kernel = kernel_action(ctx)
    return [
        DefaultInfo(files = depset([kernel.vmlinux])),
        OutputGroupInfo(
            config = depset([kernel.config]),
            headers = kernel.headers,
            image_tree = depset([kernel.image_tree]),
            kernel_release = depset([kernel.kernel_release]),
            module_symvers = depset([kernel.module_symvers]),
            modules = depset(kernel.modules.values()),
            objects = depset([kernel.objects] if kernel.objects else []),
            outs = depset(kernel.outs.values()),
            report = depset([kernel.report]),
            system_map = depset([kernel.system_map]),
        ),
        kernel,
    ]

linux_kernel = rule(
    doc = DOC,
    implementation = _linux_kernel_impl,
    attrs = KERNEL_ATTRS,
    provides = [KheadersKernelInfo],
    toolchains = [TOOLCHAIN_TYPE] + KBUILD_TOOLCHAINS,
)
