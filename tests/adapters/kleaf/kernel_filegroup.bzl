"""Macro kernel_filegroup: prebuilts of a kernel as Kleaf's own shows them, over a kernel that is there.

Read in copies of Android's build/kernel, kleaf/impl/: kernel_filegroup.bzl, kernel_filegroup_declaration.bzl and
kernel_prebuilt_repo.bzl of android13-5.15 to android16-6.12. It has default files and no output groups. This file loads nothing, to be
of use in a workspace that has nothing.
"""

def _downloaded_impl(ctx):
    out = ctx.actions.declare_file("{}.d/{}".format(ctx.label.name, ctx.attr.file_name))
    ctx.actions.symlink(output = out, target_file = ctx.file.src)
    return [DefaultInfo(files = depset([out]))]

_downloaded = rule(
    implementation = _downloaded_impl,
    attrs = {
        "file_name": attr.string(mandatory = True),
        "src": attr.label(allow_single_file = True, mandatory = True),
    },
)

def _kernel_filegroup_impl(ctx):
    return [DefaultInfo(files = depset(ctx.files.srcs))]

_kernel_filegroup = rule(
    implementation = _kernel_filegroup_impl,
    attrs = {"srcs": attr.label_list(allow_files = True)},
)

def kernel_filegroup(name, kernel, files, visibility = None, tags = []):
    """The targets of a repository of prebuilts, and of a dist directory.

    Args:
        name: the kernel_filegroup; NAME_dist is all that a dist directory has, NAME_decl and NAME_headers are two files of it.
        kernel: the name that the kernel had where it was built.
        files: declaration, dot_config, gki_info, kernel_headers, module_symvers, System.map and vmlinux of it.
        visibility: of the targets.
        tags: of the targets.
    """
    downloads = {
        "System.map": ("map", "System.map"),
        "declaration": ("decl", kernel + "_filegroup_decl.tar.gz"),
        "dot_config": ("dot_config", kernel + "_dot_config"),
        "gki_info": ("gki_info", "gki-info.txt"),
        "kernel_headers": ("headers", "kernel-headers.tar.gz"),
        "module_symvers": ("symvers", kernel + "_Module.symvers"),
        "vmlinux": ("vmlinux", "vmlinux"),
    }
    for key, (suffix, file_name) in downloads.items():
        _downloaded(name = "{}_{}".format(name, suffix), src = files[key], file_name = file_name, tags = tags, visibility = visibility)
    _kernel_filegroup(
        name = name,
        srcs = ["{}_{}".format(name, suffix) for suffix in ["map", "symvers", "vmlinux"]],
        tags = tags,
        visibility = visibility,
    )
    native.filegroup(
        name = name + "_dist",
        srcs = ["{}_{}".format(name, suffix) for suffix, _ in downloads.values()],
        tags = tags,
        visibility = visibility,
    )
