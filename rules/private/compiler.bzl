"How a rule names the programs that Bazel's C++ toolchain resolution has found, and has the machine's own in its actions' keys."

load("@rules_cc//cc:action_names.bzl", "ACTION_NAMES")
load("@rules_cc//cc/common:cc_common.bzl", "cc_common")
load(":programs.bzl", "kbuild_toolchain")

visibility("//rules/...")

_CC_TOOLCHAIN_TYPE = "@bazel_tools//tools/cpp:toolchain_type"

CC_TOOLCHAINS = [config_common.toolchain_type(_CC_TOOLCHAIN_TYPE, mandatory = False)]

# The `fragments` of a rule with CC_TOOLCHAINS.
CC_FRAGMENTS = ["cpp"]

# ctx.files._compilers are inputs of the actions that run a compiler or binutils of the PATH.
COMPILERS_ATTR = {"_compilers": attr.label(default = Label("//rules/kbuild:compilers"))}

def _toolchain(ctx):
    "The CcToolchainInfo, or None."
    toolchain = ctx.toolchains[_CC_TOOLCHAIN_TYPE]
    return getattr(toolchain, "cc", toolchain) if toolchain else None

def _program(ctx, cc, action):
    """The path of the program that a toolchain runs for an action, or None.

    Many toolchains have action configs and no tool paths: AOSP's clang, each rule-based one. Bazel makes up a
    `compiler_executable` for those.
    """
    features = cc_common.configure_features(
        ctx = ctx,
        cc_toolchain = cc,
        requested_features = ctx.features,
        unsupported_features = ctx.disabled_features,
    )
    if not cc_common.action_is_enabled(feature_configuration = features, action_name = action):
        return None
    return cc_common.get_tool_for_action(feature_configuration = features, action_name = action)

def _named(path):
    "Whether somebody named the program: what Bazel finds by default is nobody's choice, and kmodule looks for the kernel's own first."
    return not path.startswith("/") or path.split("/")[-1] not in ["cc", "clang", "gcc"]

def compiler_args(ctx, args):
    """Adds the resolved C compiler to the arguments of kmodule.

    Args:
        ctx: the context of a rule that declares CC_TOOLCHAINS, CC_FRAGMENTS and KBUILD_TOOLCHAINS.
        args: (Args) of `kmodule build` or `kmodule host-tools`.

    Returns:
        (depset[File]) the toolchain's files, none where it is the machine's own.
    """
    cc = _toolchain(ctx)
    path = _program(ctx, cc, ACTION_NAMES.c_compile) if cc else None
    if not path or not _named(path):
        return depset()
    kbuild = kbuild_toolchain(ctx)
    if kbuild and not kbuild.root and path.startswith("/"):
        fail(("the C++ toolchain of {} compiles with {}, which is the machine's, and programs of {} are to be all that runs; " +
              "register a C++ toolchain whose compiler is a file of a workspace, or add the compiler to programs and leave that toolchain out").format(
            ctx.label,
            path,
            kbuild.label,
        ))

    # A feature configuration has paths and no Files.
    args.add("--compiler", path)
    return depset() if path.startswith("/") else cc.all_files

def strip_args(ctx, args):
    """Adds the resolved strip to the arguments of `kmodule install`.

    Args:
        ctx: the context of a rule that declares CC_TOOLCHAINS and CC_FRAGMENTS.
        args: (Args) of `kmodule install`.

    Returns:
        (depset[File]) the toolchain's files, none where it is the machine's own.
    """
    cc = _toolchain(ctx)
    path = _program(ctx, cc, ACTION_NAMES.strip) if cc else None

    # The machine's strip may not know the module's format: which one does, kmodule finds out.
    if not path or path.startswith("/"):
        return compiler_args(ctx, args)
    args.add("--strip-program", path)
    return cc.all_files
