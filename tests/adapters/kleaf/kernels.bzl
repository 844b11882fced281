"Macro kernels: a stand-in for Kleaf's kernel_build of each generation, and its archive by kleaf_kernel."

load("//rules:defs.bzl", "kheaders_archive", "kleaf_kernel", "linux_kernel_file")
load(":kernel_build.bzl", "kernel_build")
load(":kleaf_layout.bzl", "kleaf_layout")

SOURCES = "@linux_6_1_files//:sources"

_FILES = {
    "declaration": "declaration",
    "dot_config": "config",
    "gki_info": "gki_info",
    "kernel_headers": "headers",
    "kernel_release": "release",
    "module_symvers": "symvers",
    "modules_prepare": "modules_prepare",
    "out_dir": "out_dir",
}

_OUTS = ["System.map", "vmlinux"]

def kernel_files(name, generation, kernel, tags = []):
    """The files that a kernel_build is made of.

    Args:
        name: a prefix.
        generation: of Kleaf.
        kernel: the kernel built here.
        tags: of the targets.

    Returns:
        (dict[string, string]) the attribute `files` of kernel_build; NAME_vmlinux_symvers and NAME_modules_symvers are beside them.
    """
    kleaf_layout(name = name + "_layout", generation = generation, kernel = kernel, tags = tags)
    for group in _FILES.values() + ["vmlinux_symvers", "modules_symvers"]:
        native.filegroup(name = "{}_{}".format(name, group), srcs = [":{}_layout".format(name)], output_group = group, tags = tags)
    for path in _OUTS:
        linux_kernel_file(name = "{}_{}".format(name, path), kernel = kernel, path = path, tags = tags)
    return {attribute: "{}_{}".format(name, group) for attribute, group in _FILES.items()}

def kernel_group_files(name):
    """The files that a kernel_filegroup is made of.

    Args:
        name: the prefix that kernel_files had.

    Returns:
        (dict[string, string]) the attribute `files` of kernel_filegroup.
    """
    return {file: "{}_{}".format(name, group) for file, group in (_FILES | {path: path for path in _OUTS}).items()}

def kernel(generation, kernel, more = {}, preset = "fast", **kwargs):
    """A generation's kernel_build `android14`, kleaf_kernel `android14_kernel` and kheaders_archive `android14_archive`.

    Args:
        generation: of Kleaf.
        kernel: the kernel built here.
        more: further attributes of kleaf_kernel.
        preset: of the archive.
        **kwargs: further attributes of kernel_build.
    """
    name = "android{}".format(generation)
    kernel_build(
        name = name,
        files = kernel_files(name + "_files", generation, kernel),
        generation = generation,
        keep_module_symvers = True,
        outs = {name + "_files_System.map": "System.map", name + "_files_vmlinux": "vmlinux"},
        **kwargs
    )
    kleaf_kernel(
        name = name + "_kernel",
        srcs = [SOURCES],
        arch = "x86_64",
        kernel_build = name,
        modules_prepare = name + "_modules_prepare",
        **more
    )
    kheaders_archive(name = name + "_archive", kernel = name + "_kernel", preset = preset)
    native.filegroup(name = name + "_manifest", srcs = [name + "_archive"], output_group = "manifest")
