"The actions that stamp an archive into a carrier and verify that, and the attributes that they read."

load("//rules/providers:archive_info.bzl", "KheadersArchiveInfo")
load(":place.bzl", "place")
load(":toolchain.bzl", "STRIP_PATHS", "TOOLCHAIN_TYPE", "tools")

visibility("//rules/...")

STAMP_ATTRS = {
    "archive": attr.label(doc = "The archive to stamp.", providers = [KheadersArchiveInfo], mandatory = True),
}

def stamp(ctx, carrier, archive, out, unsign = False):
    """Declares the stamp, and a validation of it.

    Args:
        ctx: the context of a rule with STAMP_ATTRS and the toolchain, and with PLACE_ATTRS where the carrier has sections.
        carrier: (File) what holds a placeholder.
        archive: (File) the archive.
        out: (File) the stamped carrier.
        unsign: (bool) drop the signature of a module, which is to be signed again.

    Returns:
        (dict[string, depset]) output groups: `report`, the stamp's report, JSON, and Bazel's `_validation`: that the archive decodes to its
        digest, and that nothing else of the carrier has changed.
    """
    report = ctx.actions.declare_file(ctx.label.name + ".stamp.json")
    args = ctx.actions.args()
    args.add("stamp")
    args.add("--carrier", carrier)
    args.add("--archive", archive)
    place(ctx, args)
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
    return {"report": depset([report]), "_validation": depset([_verify(ctx, carrier, out)])}

def _verify(ctx, carrier, stamped):
    "Declares the validation."
    verdict = ctx.actions.declare_file(ctx.label.name + ".verified.json")
    args = ctx.actions.args()
    args.add("verify")
    place(ctx, args)
    args.add("--original", carrier)
    args.add("--out", verdict)
    args.add(stamped)
    ctx.actions.run(
        executable = tools(ctx).patcher,
        arguments = [args],
        inputs = [carrier, stamped],
        outputs = [verdict],
        mnemonic = "KheadersVerify",
        progress_message = "Verifying %{label}",
        execution_requirements = STRIP_PATHS,
        toolchain = TOOLCHAIN_TYPE,
    )
    return verdict
