"""Macro kernel_build: what Kleaf's own shows to others, over a kernel that is there.

Read in copies of Android's build/kernel, kleaf/impl/: kernel_build.bzl, kernel_config.bzl, modules_prepare.bzl, kernel_headers.bzl of
android13-5.15, android14-6.1, android15-6.6 and android16-6.12. The targets, their default files, their output groups and the files'
paths are Kleaf's. Of its providers there are none: others cannot load them. This file loads nothing, to be of use in a workspace that
has nothing.
"""

def _link(ctx, name, file):
    out = ctx.actions.declare_file("{}/{}".format(ctx.label.name, name))
    ctx.actions.symlink(output = out, target_file = file)
    return out

def _written(ctx, name):
    out = ctx.actions.declare_file(name)
    ctx.actions.write(out, "stand-in\n")
    return out

def _links(ctx, attribute):
    return {name: _link(ctx, name, target[DefaultInfo].files.to_list()[0]) for target, name in attribute.items()}

def _kernel_build_impl(ctx):
    name = ctx.label.name
    outs, modules = _links(ctx, ctx.attr.outs), _links(ctx, ctx.attr.module_outs)
    internal = {
        "Module.symvers": _link(ctx, "Module.symvers", ctx.file.module_symvers),
        "include/config/kernel.release": _link(ctx, "include/config/kernel.release", ctx.file.kernel_release),
    }
    files = outs.values() + modules.values()
    groups = outs | modules | _links(ctx, ctx.attr.implicit_outs) | _links(ctx, ctx.attr.module_implicit_outs) | internal
    groups["modules_staging_archive"] = _written(ctx, name + "/modules_staging_dir.tar.gz")
    if ctx.attr.generation <= 14:
        names = _written(ctx, "{name}_all_module_names/{name}_modules".format(name = name))
        version = _written(ctx, "{name}_toolchain_version/toolchain_version".format(name = name))
        groups["module_outs_file"] = names
        if ctx.attr.generation == 14:
            groups["toolchain_version"] = version
        files += [names] if ctx.attr.generation == 14 else [version, names]
    if ctx.attr.generation >= 16:
        groups["rustavailable"] = _written(ctx, name + "/rustavailable.txt")
    if ctx.attr.keep_module_symvers:
        files.append(_link(ctx, name + "_Module.symvers", ctx.file.module_symvers))
    if ctx.attr.keep_dot_config:
        if ctx.attr.generation < 16:
            fail("kernel_build of android{} has no keep_dot_config".format(ctx.attr.generation))
        files.append(_link(ctx, name + "_dot_config", ctx.file.dot_config))
    return [
        DefaultInfo(files = depset(files), runfiles = ctx.runfiles(files)),
        OutputGroupInfo(**{group: depset([file]) for group, file in groups.items()}),
    ]

_kernel_build = rule(
    implementation = _kernel_build_impl,
    attrs = {
        "dot_config": attr.label(allow_single_file = True),
        "generation": attr.int(values = [13, 14, 15, 16]),
        "implicit_outs": attr.label_keyed_string_dict(allow_files = True),
        "keep_dot_config": attr.bool(),
        "keep_module_symvers": attr.bool(),
        "kernel_release": attr.label(allow_single_file = True),
        "module_implicit_outs": attr.label_keyed_string_dict(allow_files = True),
        "module_outs": attr.label_keyed_string_dict(allow_files = True),
        "module_symvers": attr.label(allow_single_file = True),
        "outs": attr.label_keyed_string_dict(allow_files = True),
    },
)

def _kernel_config_impl(ctx):
    out_dir = ctx.file.out_dir
    if ctx.attr.generation == 13:
        return [DefaultInfo(files = depset([_link(ctx, ".config", ctx.file.dot_config)]))]
    if not out_dir.is_directory:
        return [DefaultInfo(files = depset([out_dir]))]
    out = ctx.actions.declare_directory(ctx.label.name + "/out_dir")
    ctx.actions.symlink(output = out, target_file = out_dir)
    return [DefaultInfo(files = depset([out]))]

_kernel_config = rule(
    implementation = _kernel_config_impl,
    attrs = {
        "dot_config": attr.label(allow_single_file = True),
        "generation": attr.int(),
        "out_dir": attr.label(allow_single_file = True),
    },
)

def _modules_prepare_impl(ctx):
    files = [_link(ctx, "modules_prepare_outdir.tar.gz", ctx.file.archive)]
    if ctx.attr.generation >= 15:
        files.append(_written(ctx, "{name}/{name}_setup.sh".format(name = ctx.label.name)))
    return [DefaultInfo(files = depset(files))]

_modules_prepare = rule(
    implementation = _modules_prepare_impl,
    attrs = {"archive": attr.label(allow_single_file = True), "generation": attr.int()},
)

def _kernel_headers_impl(ctx):
    return [DefaultInfo(files = depset([_link(ctx, "kernel-headers.tar.gz", ctx.file.archive)]))]

_kernel_headers = rule(
    implementation = _kernel_headers_impl,
    attrs = {"archive": attr.label(allow_single_file = True)},
)

def kernel_build(name, generation, files, outs, module_outs = {}, implicit_outs = {}, module_implicit_outs = {}, visibility = None, tags = [], **kwargs):
    """The targets that Kleaf's macro makes, as far as others have a use for them.

    Args:
        name: the kernel.
        generation: of Kleaf: 13 to 16, the number of android's.
        files: the kernel's files: dot_config, kernel_headers, kernel_release, module_symvers, modules_prepare, out_dir.
        outs: files, and their names in the objects' tree.
        module_outs: likewise, modules.
        implicit_outs: likewise, not among the default files.
        module_implicit_outs: likewise.
        visibility: of the kernel and its outs; what is made beside it does not have it.
        tags: of all targets.
        **kwargs: keep_module_symvers, keep_dot_config.
    """
    _kernel_build(
        name = name,
        dot_config = files["dot_config"],
        generation = generation,
        implicit_outs = implicit_outs,
        kernel_release = files["kernel_release"],
        module_implicit_outs = module_implicit_outs,
        module_outs = module_outs,
        module_symvers = files["module_symvers"],
        outs = outs,
        tags = tags,
        visibility = visibility,
        **kwargs
    )
    for out in outs.values() + module_outs.values() + implicit_outs.values() + module_implicit_outs.values():
        native.filegroup(name = "{}/{}".format(name, out), srcs = [name], output_group = out, tags = tags, visibility = visibility)
    _kernel_config(name = name + "_config", dot_config = files["dot_config"], generation = generation, out_dir = files["out_dir"], tags = tags)
    _modules_prepare(name = name + "_modules_prepare", archive = files["modules_prepare"], generation = generation, tags = tags)
    _kernel_headers(name = name + "_headers", archive = files["kernel_headers"], tags = tags, visibility = visibility)
