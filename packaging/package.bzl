"Rule device_package"

DOC = """Packs files: for Debian if `arch` is given, else into a tarball.

The version is MODULE.bazel's. The same inputs make the same bytes.
"""

def _device_package_impl(ctx):
    deb = bool(ctx.attr.arch)
    out = ctx.actions.declare_file(ctx.label.name + (".deb" if deb else ".tar.gz"))
    args = ctx.actions.args()
    args.add("--out", out)
    args.add("--module", ctx.file._module)
    for target, name in ctx.attr.files.items():
        args.add("--file", target.files.to_list()[0], format = name + "=%s")
    inputs = [ctx.file._module] + ctx.files.files
    if deb:
        args.add("--deb", ctx.attr.arch)
        args.add("--control", ctx.file.control)
        args.add_all(ctx.files.scripts, before_each = "--script")
        inputs += [ctx.file.control] + ctx.files.scripts
    ctx.actions.run(
        executable = ctx.executable._pack,
        arguments = [args],
        inputs = inputs,
        outputs = [out],
        mnemonic = "DevicePackage",
        progress_message = "Packing %{output}",
        execution_requirements = {"supports-path-mapping": "1"},
    )
    return [DefaultInfo(files = depset([out]))]

device_package = rule(
    doc = DOC,
    implementation = _device_package_impl,
    attrs = {
        "arch": attr.string(doc = "Debian's name of the architecture; none makes a tarball."),
        "control": attr.label(doc = "The fields of the control file that do not depend on the build.", allow_single_file = True),
        "files": attr.label_keyed_string_dict(doc = "Files, and where each goes: PATH:MODE.", allow_files = True, mandatory = True),
        "scripts": attr.label_list(doc = "Maintainer scripts, by their names.", allow_files = True),
        "_module": attr.label(default = "//:MODULE.bazel", allow_single_file = True),
        "_pack": attr.label(default = "//packaging/pack", executable = True, cfg = "exec"),
    },
)
