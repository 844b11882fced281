"Rule linux_source"

load("//rules/private:source.bzl", "one_file")
load("//rules/providers:source_info.bzl", "LinuxSourceInfo")

def _linux_source_impl(ctx):
    return [
        DefaultInfo(files = depset([ctx.file.tarball])),
        LinuxSourceInfo(
            overlay = {name: one_file(target, "overlay") for target, name in ctx.attr.overlay.items()},
            patches = ctx.files.patches,
            tarball = ctx.file.tarball,
        ),
    ]

linux_source = rule(
    doc = """A kernel's source: the release's tar, and patches to it.

The tar stays one file until the kernel's build unpacks it, applies the patches and takes away the permission to write.
""",
    implementation = _linux_source_impl,
    attrs = {
        "overlay": attr.label_keyed_string_dict(
            doc = "Files that take the place of the source's own, after the patches: a file, and its path in the tree.",
            allow_files = True,
        ),
        "patches": attr.label_list(doc = "Patches for `patch -p1`, in order. They must apply without fuzz.", allow_files = [".patch", ".diff"]),
        "tarball": attr.label(doc = "The tar, with one top directory.", allow_single_file = True, mandatory = True),
    },
    provides = [LinuxSourceInfo],
)
