"Repository rule kheaders_repository"

def _kheaders_repository_impl(rctx):
    if bool(rctx.attr.urls) == bool(rctx.attr.file):
        fail("kheaders_repository {} has {}; set either urls or file".format(
            rctx.name,
            "both urls and file" if rctx.attr.file else "neither urls nor file",
        ))
    urls = rctx.attr.urls
    if rctx.attr.file:
        path = rctx.path(rctx.attr.file)
        rctx.watch(path)
        urls = ["file://{}".format(path)]

    # A download, of a file too, is held against its sha256.
    rctx.download(url = urls, output = "carrier", sha256 = rctx.attr.sha256)
    rctx.file("BUILD.bazel", """\
load("@@{rules}//rules:kheaders_extract.bzl", "kheaders_extract")

package(default_visibility = ["//visibility:public"])

exports_files(["carrier"])

kheaders_extract(
    name = "archive",
    carrier = "carrier",
)

filegroup(
    name = "tree",
    srcs = [":archive"],
    output_group = "tree",
)
""".format(rules = Label("//rules").repo_name))

KHEADERS_ATTRS = {
    "file": attr.label(doc = "The file in the workspace.", allow_single_file = True),
    "sha256": attr.string(doc = "The file's sha256.", mandatory = True),
    "urls": attr.string_list(doc = "Where the file is."),
}

kheaders_repository = repository_rule(
    doc = """A device's headers: an archive, or a carrier of one, pinned by its sha256.

The file is what `/sys/kernel/kheaders.tar.xz` shows, a stamped vmlinux, kheaders.ko or Image. `:archive` is the archive, for
`kernel_module` and `bpf_object`; `:tree` is its directory.
""",
    implementation = _kheaders_repository_impl,
    attrs = KHEADERS_ATTRS,
)
