"The action that makes a placeholder."

load(":toolchain.bzl", "STRIP_PATHS", "TOOLCHAIN_TYPE", "tools")

visibility("//rules/...")

def make_placeholder(ctx, capacity):
    """Declares a placeholder.

    Args:
        ctx: the context of a rule with the toolchain.
        capacity: (int) its size in bytes, a multiple of 4.

    Returns:
        (File) the placeholder, NAME.tar.xz.
    """
    out = ctx.actions.declare_file(ctx.label.name + ".tar.xz")
    args = ctx.actions.args()
    args.add("placeholder")
    args.add("--capacity", capacity)
    args.add("--out", out)
    ctx.actions.run(
        executable = tools(ctx).packer,
        arguments = [args],
        outputs = [out],
        mnemonic = "KheadersPlaceholder",
        progress_message = "Reserving %{label}",
        execution_requirements = STRIP_PATHS,
        toolchain = TOOLCHAIN_TYPE,
    )
    return out
