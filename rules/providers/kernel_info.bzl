"Provider KheadersKernelInfo"

DOC = """A built kernel: what archives, stamps, images and modules are made from.

`linux_kernel` provides it, and so do adapters over the rules of other builds. `arch`, `config`, `headers`,
`kernel_release` and `module_symvers` are mandatory; the others have defaults.
"""

_FIELDS = {
    "arch": "(string) the kernel's name of the architecture, as in ARCH=: x86_64, arm64.",
    "config": "(File) the complete .config.",
    "cross_compile": "(string) CROSS_COMPILE that it was built with, for the image; needed only beside `image_tree`.",
    "headers": "(depset[File]) directories or tars of what an archive may be made from, members named as in a kernel tree.",
    "image_tree": "(File) tar of what the image is made from beside vmlinux, or None when no image can be made.",
    "kernel_release": "(File) include/config/kernel.release: one line, what `uname -r` prints.",
    "llvm": "(string) LLVM that it was built with, for the image; needed only beside `image_tree`.",
    "module_symvers": "(File) Module.symvers of vmlinux and all in-tree modules, from modpost.",
    "modules": "(dict[string, File]) in-tree modules that are outputs, by their path in the tree.",
    "objects": "(File) tar of the whole objects' tree, or None when it was not kept.",
    "outs": "(dict[string, File]) further files of the objects' tree that are outputs, by their path.",
    "report": "(File) JSON on how the kernel was built, or None.",
    "system_map": "(File) System.map, or None.",
    "vmlinux": "(File) the linked ELF kernel, with a placeholder or a stamped archive inside, or None when a distribution has none.",
}

def _kernel_info(
        *,
        arch,
        config,
        headers,
        kernel_release,
        module_symvers,
        cross_compile = "",
        image_tree = None,
        llvm = "",
        modules = {},
        objects = None,
        outs = {},
        report = None,
        system_map = None,
        vmlinux = None):
    if type(headers) != "depset":
        fail("headers is a {}: expected a depset of files".format(type(headers)))
    return {
        "arch": arch,
        "config": config,
        "cross_compile": cross_compile,
        "headers": headers,
        "image_tree": image_tree,
        "kernel_release": kernel_release,
        "llvm": llvm,
        "module_symvers": module_symvers,
        "modules": modules,
        "objects": objects,
        "outs": outs,
        "report": report,
        "system_map": system_map,
        "vmlinux": vmlinux,
    }

KheadersKernelInfo, _new = provider(doc = DOC, fields = _FIELDS, init = _kernel_info)

def with_vmlinux(kernel, vmlinux):
    """Returns a kernel whose vmlinux is another file, and which is the same in all else.

    Args:
        kernel: (KheadersKernelInfo) a kernel.
        vmlinux: (File) the other vmlinux, stamped for example.

    Returns:
        (KheadersKernelInfo) the kernel with that vmlinux.
    """
    return _new(**({field: getattr(kernel, field) for field in _FIELDS} | {"vmlinux": vmlinux}))
