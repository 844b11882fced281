"The action that stamps an archive into a carrier, and the attributes that it reads."

load("//rules/providers:archive_info.bzl", "KheadersArchiveInfo")
load(":toolchain.bzl", "STRIP_PATHS", "TOOLCHAIN_TYPE", "tools")

STAMP_ATTRS = {
    "archive": attr.label(doc = "The archive to stamp.", providers = [KheadersArchiveInfo], mandatory = True),
    "section": attr.string(doc = "The section that holds the placeholder, when it is not the one that is found by itself."),
    "symbols": attr.string_list(doc = "Two symbols, start and end, between which the placeholder lies, when they are not upstream's."),
}

def stamp(ctx, carrier, archive, out, unsign = False):
    """Declares the stamp.

    Args:
        ctx: the context of a rule with STAMP_ATTRS and the toolchain.
        carrier: (File) what holds a placeholder.
        archive: (File) the archive.
        out: (File) the stamped carrier.
        unsign: (bool) drop the signature of a module, which is to be signed again.

    Returns:
        (File) the report, JSON.
    """
    if ctx.attr.symbols and len(ctx.attr.symbols) != 2:
        fail("symbols of {} are {}, expected a start and an end".format(ctx.label, ctx.attr.symbols))
    report = ctx.actions.declare_file(ctx.label.name + ".stamp.json")
    args = ctx.actions.args()
    args.add("stamp")
    args.add("--carrier", carrier)
    args.add("--archive", archive)
    if ctx.attr.section:
        args.add("--section", ctx.attr.section)
    if ctx.attr.symbols:
        args.add_joined("--symbols", ctx.attr.symbols, join_with = ",")
    if unsign:
        args.add("--unsign")
    args.add("--out", out)
    args.add("--report", report)
    ctx.actions.run(
        executable = tools(ctx).patcher,
        arguments = [args],
        inputs = [carrier, archive],
        outputs = [out, report],
        mnemonic = "KheadersStamp",
        progress_message = "Stamping %{output}",
        execution_requirements = STRIP_PATHS,
        toolchain = TOOLCHAIN_TYPE,
    )
    return report
