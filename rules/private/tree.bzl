"The action that unpacks an archive."

load(":toolchain.bzl", "STRIP_PATHS", "TOOLCHAIN_TYPE", "tools")

visibility("//rules/...")

def unpack_tree(ctx, archive):
    """Declares the directory of an unpacked archive; Bazel makes it when something needs it.

    Args:
        ctx: the rule's context, with the toolchain.
        archive: (File) an archive or a carrier.

    Returns:
        (File) the directory.
    """
    tree = ctx.actions.declare_directory(ctx.label.name + ".tree")
    args = ctx.actions.args()
    args.add("extract")
    args.add("--carrier", archive)
    args.add_all("--dir", [tree], expand_directories = False)
    ctx.actions.run(
        executable = tools(ctx).patcher,
        arguments = [args],
        inputs = [archive],
        outputs = [tree],
        mnemonic = "KheadersUnpack",
        progress_message = "Unpacking %{input}",
        execution_requirements = STRIP_PATHS,
        toolchain = TOOLCHAIN_TYPE,
    )
    return tree
