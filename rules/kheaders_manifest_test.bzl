"Macro kheaders_manifest_test"

load("//rules/providers:archive_info.bzl", "KheadersArchiveInfo")

def _text(label):
    "A label as people write it in its own workspace."
    return str(label).replace("@@//", "//")

def _program(ctx, write):
    "An executable that compares, or writes, what the attributes say."
    archive = ctx.attr.archive[KheadersArchiveInfo]
    if not archive.manifest:
        fail("{} has no manifest; expected an archive of kheaders_archive".format(ctx.attr.archive.label))
    spec = ctx.actions.declare_file(ctx.label.name + ".json")
    ctx.actions.write(spec, json.encode_indent({
        "archive": _text(ctx.attr.archive.label),
        "detail": ctx.attr.detail,
        "folders": ctx.attr.folders,
        "golden": ctx.file.golden.short_path,
        "manifest": archive.manifest.short_path,
        "update": _text(ctx.attr.update.label if ctx.attr.update else ctx.label),
        "write": write,
    }))
    program = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.symlink(output = program, target_file = ctx.executable._manifest, is_executable = True)
    return [
        DefaultInfo(
            executable = program,
            runfiles = ctx.runfiles([spec, archive.manifest, ctx.file.golden]).merge(ctx.attr._manifest[DefaultInfo].default_runfiles),
        ),
        RunEnvironmentInfo(environment = {"KHEADERS_MANIFEST_TEST": spec.short_path}),
    ]

def _test_impl(ctx):
    return _program(ctx, write = False)

def _update_impl(ctx):
    return _program(ctx, write = True)

_ATTRS = {
    "archive": attr.label(doc = "The archive.", mandatory = True, providers = [KheadersArchiveInfo]),
    "detail": attr.string(
        doc = "What of each member is held: `names`, `modes` and names, or all that the manifest says, `contents` too, which " +
              "vary with compilers.",
        default = "names",
        values = ["names", "modes", "contents"],
    ),
    "folders": attr.string_list(
        doc = "Directories whose headers are held by the directories they are in, and not one by one: there are thousands, " +
              "and stable updates bring some.",
    ),
    "golden": attr.label(doc = "The golden file, of this workspace. It may be empty before the first update.", allow_single_file = True, mandatory = True),
    "update": attr.label(doc = "The target that writes the golden file."),
    "_manifest": attr.label(default = Label("//tools/manifest"), executable = True, cfg = "exec"),
}

_kheaders_manifest_test = rule(
    doc = "Holds an archive's manifest against a golden file.",
    implementation = _test_impl,
    test = True,
    attrs = _ATTRS,
)

_kheaders_manifest_update = rule(
    doc = "Writes the golden file.",
    implementation = _update_impl,
    executable = True,
    attrs = _ATTRS,
)

def kheaders_manifest_test(name, archive, golden, detail = "names", folders = [], **kwargs):
    """Holds an archive's manifest against a golden file, so that a review sees what an archive gains and loses.

    ```starlark
    kheaders_manifest_test(
        name = "archive_test",
        archive = ":archive",
        golden = "archive.golden",
    )
    ```

    When the test fails it prints the lines that differ, and the command that writes the golden file again:
    `bazel run :archive_test.update`.

    Args:
        name: the test's name; `<name>.update` writes the golden file.
        archive: the archive, of `kheaders_archive`.
        golden: the golden file, of this workspace. It may be empty before the first update.
        detail: what of each member is held: `names`, `modes` and names, or all that the manifest says, `contents` too.
        folders: directories whose headers are held by the directories they are in, and not one by one.
        **kwargs: what all tests have: size, tags, visibility...
    """
    held = {"archive": archive, "detail": detail, "folders": folders, "golden": golden, "update": name + ".update"}
    _kheaders_manifest_test(name = name, **(held | kwargs))
    held.pop("update")
    _kheaders_manifest_update(
        name = name + ".update",
        tags = kwargs.get("tags"),
        testonly = True,
        visibility = kwargs.get("visibility"),
        **held
    )
