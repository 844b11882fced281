"Repository rule kheaders_repository"

_BUILD = """\
load("@@{rules}//rules:kheaders_extract.bzl", "kheaders_extract")

package(default_visibility = ["//visibility:public"])

kheaders_extract(
    name = "archive",
    carrier = "carrier",
    sha256 = "{sha256}",
)

filegroup(
    name = "tree",
    srcs = [":archive"],
    output_group = "tree",
)
"""

def _kheaders_repository_impl(rctx):
    if bool(rctx.attr.urls) == bool(rctx.attr.file):
        fail("kheaders_repository {} has {}; set either urls or file".format(
            rctx.name,
            "both urls and file" if rctx.attr.file else "neither urls nor file",
        ))
    build = _BUILD.format(rules = Label("//rules").repo_name, sha256 = rctx.attr.sha256)
    if rctx.attr.file:
        path = rctx.path(rctx.attr.file)
        rctx.watch(path)

        # No download, which workspaces without a network forbid for a file:// URL too. The action that reads the file checks it.
        rctx.symlink(path, "carrier")
    else:
        rctx.download(url = rctx.attr.urls, output = "carrier", sha256 = rctx.attr.sha256)
        build += "\nexports_files([\"carrier\"])\n"
    rctx.file("BUILD.bazel", build)

KHEADERS_ATTRS = {
    "file": attr.label(doc = "The file in the workspace.", allow_single_file = True),
    "sha256": attr.string(doc = "The file's sha256.", mandatory = True),
    "urls": attr.string_list(doc = "Where the file is."),
}

kheaders_repository = repository_rule(
    doc = """A device's headers: an archive, or a carrier of one, pinned by its sha256.

The file is what `/sys/kernel/kheaders.tar.xz` shows, a stamped vmlinux, kheaders.ko or Image. `:archive` is the archive, for
`kernel_module` and `bpf_object`; `:tree` is its directory. With `urls`, `:carrier` is the file. With `file`, nothing is downloaded,
so it works under `--repository_disable_download`; the digest is checked when the archive is first read.
""",
    implementation = _kheaders_repository_impl,
    attrs = KHEADERS_ATTRS,
)
