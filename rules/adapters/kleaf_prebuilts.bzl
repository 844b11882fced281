"What kleaf_kernel takes out of the archives and texts that prebuilts of a kernel have."

load("//rules/private:toolchain.bzl", "STRIP_PATHS", "TOOLCHAIN_TYPE", "add_named", "tools")
load(":kleaf_files.bzl", "shown_files")

_DECLARATION = "_filegroup_decl.tar.gz"
_RELEASE = "/include/config/kernel.release"

def _pick(ctx, declaration, names):
    "Declares files of a NAME_filegroup_decl.tar.gz: names is how the files' names end there, by their names here."
    outs = {name: ctx.actions.declare_file("{}/declaration/{}".format(ctx.label.name, name)) for name in names}
    if not outs:
        return outs
    args = ctx.actions.args()
    args.add("pick")
    args.add("--tar", declaration)
    for name, end in names.items():
        add_named(args, "--file", end, outs[name])
    ctx.actions.run(
        executable = tools(ctx).packer,
        arguments = [args],
        inputs = [declaration],
        outputs = outs.values(),
        mnemonic = "KheadersPick",
        progress_message = "Reading %{input}",
        execution_requirements = STRIP_PATHS,
        toolchain = TOOLCHAIN_TYPE,
    )
    return outs

def _gki_release(ctx, gki_info):
    "Declares kernel.release out of gki-info.txt."
    out = ctx.actions.declare_file(ctx.label.name + "/kernel.release")
    args = ctx.actions.args()
    args.add("release")
    args.add("--gki-info", gki_info)
    args.add("--out", out)
    ctx.actions.run(
        executable = tools(ctx).packer,
        arguments = [args],
        inputs = [gki_info],
        outputs = [out],
        mnemonic = "KheadersRelease",
        progress_message = "Reading %{input}",
        execution_requirements = STRIP_PATHS,
        toolchain = TOOLCHAIN_TYPE,
    )
    return out

def missing(ctx, attribute, what, advice):
    """Fails for a target that lacks a file.

    Args:
        ctx: the context of kleaf_kernel.
        attribute: (string) what names the target.
        what: (string) the file.
        advice: (string) what to do.
    """
    target = getattr(ctx.attr, attribute)
    fail("{} of {} is {}, which has no {}, only {}; {}".format(attribute, ctx.label, target.label, what, shown_files(target), advice))

def picked_files(ctx, build, prepare):
    """Declares what the declaration of prebuilts has and nothing else.

    Args:
        ctx: the context of kleaf_kernel.
        build: (struct) of kleaf_build.
        prepare: (struct) with the Files modules_prepare and declaration, or None.

    Returns:
        (dict[string, File]) by name.
    """
    declaration = prepare.declaration or build.declaration
    if not declaration:
        return {}
    wanted = {
        ".config": None if build.config or ctx.attr.config else "/.config",
        "Module.symvers": None if build.symvers else "/Module.symvers",
        "kernel.release": None if build.release or ctx.file.kernel_release or ctx.attr.base_kernel else _RELEASE,
        "module_env.tar.gz": None if ctx.files.srcs else "_module_env.tar.gz",
        "modules_prepare_outdir.tar.gz": None if prepare.modules_prepare else "/modules_prepare_outdir.tar.gz",
    }
    return _pick(ctx, declaration, {name: end for name, end in wanted.items() if end})

def release_file(ctx, build, attribute, picked):
    """The kernel's release, declared where it is part of another file.

    Args:
        ctx: the context of kleaf_kernel.
        build: (struct) of kleaf_build: the kernel that is booted.
        attribute: (string) what names it.
        picked: (dict[string, File]) of picked_files.

    Returns:
        (File)
    """
    given = ctx.file.kernel_release or build.release or picked.get("kernel.release") or build.gki_info or build.declaration
    if not given:
        missing(ctx, attribute, "kernel.release", "set kernel_release to the build's kernel.release or gki-info.txt")
    if given.basename.endswith(_DECLARATION):
        return _pick(ctx, given, {"kernel.release": _RELEASE})["kernel.release"]
    return _gki_release(ctx, given) if given.basename == "gki-info.txt" else given
