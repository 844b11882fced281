"Whether modules that are built together are for one kernel."

load("//rules/providers:archive_info.bzl", "KheadersArchiveInfo")
load("//rules/providers:kernel_info.bzl", "KheadersKernelInfo")
load("//rules/providers:module_info.bzl", "KernelModuleInfo")

visibility("//rules/...")

def built_kernel(module_symvers):
    """What a kernel is known by whose archive is packed here.

    Args:
        module_symvers: (File) its Module.symvers.

    Returns:
        (struct)
    """
    return struct(device = None, symvers = module_symvers.short_path)

def carried_kernel(target, file, sha256):
    """What a kernel is known by whose archive is read out of a carrier.

    Args:
        target: (Target) the carrier.
        file: (File) its file.
        sha256: (string) its digest, or "".

    Returns:
        (struct) or None, where another rule makes the carrier and does not say of which kernel.
    """
    if KheadersKernelInfo in target:
        return built_kernel(target[KheadersKernelInfo].module_symvers)
    if KheadersArchiveInfo in target:
        return target[KheadersArchiveInfo].kernel
    return struct(device = sha256 or file.short_path, symvers = None) if file.is_source else None

def check_kernels(ctx):
    """Fails where a dependency is built from the archive of another kernel than the module.

    Args:
        ctx: the context of kernel_module.
    """
    own = ctx.attr.archive[KheadersArchiveInfo].kernel
    for dep in ctx.attr.deps:
        other = getattr(dep[KernelModuleInfo], "kernel", None)
        if not own or not other:
            continue

        # A built kernel and a device's carrier may be one kernel: of those nothing is known here.
        for a, b in [(own.symvers, other.symvers), (own.device, other.device)]:
            if a and b and a != b:
                fail(("deps of {} have {}, which is built for the kernel of {}, and archive is {}, of the kernel of {}; " +
                      "build both from archives of one kernel").format(ctx.label, dep.label, b, ctx.attr.archive.label, a))
