"The action that compiles an archive's host tools."

load(":compiler.bzl", "COMPILERS_ATTR")
load(":programs.bzl", "HOST_PROGRAMS", "run_with_programs")
load(":toolchain.bzl", "NO_NETWORK", "tools")

visibility("//rules/...")

HOST_TOOLS_ATTRS = COMPILERS_ATTR | {
    "host_tools": attr.string(
        doc = "The form of the programs that run where modules are built: `source`, which a C compiler makes into programs for " +
              "any machine in seconds; `binary`, those of the kernel's build, for machines like its own; `both`; `none`. " +
              "`default` packs the sources of all that need no library, and programs where the kernel's files lack sources.",
        default = "default",
        values = ["default", "source", "binary", "both", "none"],
    ),
}

def compile_host_tools(ctx, tree):
    """Declares the programs that an archive has the sources of; Bazel makes them when a module is built.

    Args:
        ctx: the context of a rule with COMPILERS_ATTR, the toolchain and KBUILD_TOOLCHAINS.
        tree: (File) the unpacked archive.

    Returns:
        (File) a directory, empty if the archive's own programs run here, or None if the rule's
        `host_tools` asks for no sources or the toolchain has no kmodule.
    """
    kmodule = tools(ctx).kmodule
    if not kmodule or getattr(ctx.attr, "host_tools", None) in ["binary", "none"]:
        return None
    out = ctx.actions.declare_directory(ctx.label.name + ".host_tools")
    args = ctx.actions.args()
    args.add("host-tools")
    args.add_all("--tree", [tree], expand_directories = False)
    args.add_all("--out", [out], expand_directories = False)
    args.add_all(["{}={}".format(k, v) for k, v in getattr(ctx.attr, "make_variables", {}).items()])
    run_with_programs(
        ctx,
        kmodule,
        arguments = [args],
        inputs = [tree],
        machine = ctx.files._compilers,
        needs = HOST_PROGRAMS,
        outputs = [out],
        mnemonic = "KheadersHostTools",
        progress_message = "Compiling the host tools of %{label}",
        execution_requirements = NO_NETWORK,
    )
    return out
