"Repository rule linux_source_repository"

def _linux_source_repository_impl(rctx):
    # Where there is no network, an archive on the machine may stand in: a distribution's own package of this series.
    series = ".".join(rctx.attr.version.split(".")[:2])
    local = rctx.getenv("KHEADERS_LINUX_SOURCE_" + series.replace(".", "_"))
    if local:
        rctx.symlink(local, "linux.tar.xz")
        rctx.watch(local)
    else:
        rctx.download(
            url = [url.format(version = rctx.attr.version, major = series.split(".")[0]) for url in rctx.attr.urls],
            output = "linux.tar.xz",
            sha256 = rctx.attr.sha256,
        )
    rctx.file("BUILD.bazel", """\
load("@@{rules}//rules/kbuild:linux_source.bzl", "linux_source")

package(default_visibility = ["//visibility:public"])

exports_files(["linux.tar.xz"])

linux_source(
    name = "source",
    patches = {patches},
    tarball = "linux.tar.xz",
)

linux_source(
    name = "pristine",
    tarball = "linux.tar.xz",
)
""".format(
        rules = Label("//rules").repo_name,
        patches = ["@@{}//{}:{}".format(p.repo_name, p.package, p.name) for p in rctx.attr.patches],
    ))

LINUX_SOURCE_ATTRS = {
    "patches": attr.label_list(doc = "Patches for `patch -p1` that `:source` has and `:pristine` has not."),
    "sha256": attr.string(doc = "The tar's sha256.", mandatory = True),
    "urls": attr.string_list(
        doc = "Where the tar is; `{version}` and `{major}` are filled in.",
        default = ["https://cdn.kernel.org/pub/linux/kernel/v{major}.x/linux-{version}.tar.xz"],
    ),
    "version": attr.string(doc = "The release, as 6.1.89.", mandatory = True),
}

linux_source_repository = repository_rule(
    doc = """A kernel's source as one tar: `:source` with the patches, `:pristine` without.

The environment's `KHEADERS_LINUX_SOURCE_6_1` (by `--repo_env`), where it is set, names a tar of the series 6.1 on this
machine to use instead of a download. It is not checked against `sha256`: it is another packaging of the source.
""",
    implementation = _linux_source_repository_impl,
    attrs = LINUX_SOURCE_ATTRS,
)
