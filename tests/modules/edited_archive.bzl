"Rule edited_archive: an archive, unpacked, with its Module.symvers or its release spoilt."

load("//rules:defs.bzl", "KheadersArchiveInfo")

def _edited_archive_impl(ctx):
    archive = ctx.attr.archive[KheadersArchiveInfo]
    tree = ctx.actions.declare_directory(ctx.label.name + ".tree")
    args = ctx.actions.args()
    args.add_all([archive.tree], expand_directories = False)
    args.add_all([tree], expand_directories = False)
    args.add(ctx.attr.symbol)
    args.add(ctx.attr.release)
    ctx.actions.run(
        executable = ctx.executable._spoil,
        arguments = [args],
        inputs = [archive.tree],
        outputs = [tree],
        mnemonic = "SpoilSymvers",
    )
    return [KheadersArchiveInfo(archive = archive.archive, tree = tree)]

edited_archive = rule(
    implementation = _edited_archive_impl,
    attrs = {
        "archive": attr.label(providers = [KheadersArchiveInfo], mandatory = True),
        "release": attr.string(doc = "The kernel release that the archive is to say it is for; empty to leave it."),
        "symbol": attr.string(doc = "The symbol whose CRC is changed; empty to leave Module.symvers out."),
        "_spoil": attr.label(default = "//tests/modules/spoil", executable = True, cfg = "exec"),
    },
    provides = [KheadersArchiveInfo],
)
