"How a rule names the compiler that Bazel's C++ toolchain resolution has found, and has the machine's own in its actions' keys."

_CC_TOOLCHAIN_TYPE = "@bazel_tools//tools/cpp:toolchain_type"

CC_TOOLCHAINS = [config_common.toolchain_type(_CC_TOOLCHAIN_TYPE, mandatory = False)]

# ctx.files._compilers are inputs of the actions that run a compiler or binutils of the PATH.
COMPILERS_ATTR = {"_compilers": attr.label(default = Label("//rules/kbuild:compilers"))}

def compiler_args(ctx, args):
    """Adds the resolved C compiler to the arguments of kmodule, which tells from its name whether it is gcc or clang.

    Args:
        ctx: the context of a rule that declares CC_TOOLCHAINS.
        args: (Args) of `kmodule build`, `kmodule host-tools` or `kmodule install`.

    Returns:
        (depset[File]) the toolchain's files, none where it is the machine's own.
    """
    toolchain = ctx.toolchains[_CC_TOOLCHAIN_TYPE]
    if not toolchain:
        return depset()
    cc = getattr(toolchain, "cc", toolchain)
    path = cc.compiler_executable
    if not path:
        return depset()

    # What Bazel finds by default is nobody's choice: kmodule looks for the kernel's own compiler first.
    if path.startswith("/") and path.split("/")[-1] in ["cc", "clang", "gcc"]:
        return depset()

    # CcToolchainInfo has a path and no File.
    args.add("--compiler", path)
    return depset() if path.startswith("/") else cc.all_files
