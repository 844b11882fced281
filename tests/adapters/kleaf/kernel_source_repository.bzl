"Repository rule kernel_source_repository"

_KEPT = ["COPYING", "Kbuild", "LICENSES", "Makefile", "arch/x86", "include", "scripts", "tools/include/tools"]

def _kernel_source_repository_impl(rctx):
    tarball = rctx.path(rctx.attr.tarball)
    patterns = ["*/" + name for name in _KEPT]

    # A pattern's * matches a slash too, and the tar has drivers/*/include.
    result = rctx.execute(["tar", "--extract", "--file=" + str(tarball), "--strip-components=1", "--wildcards", "--no-wildcards-match-slash"] + patterns)
    if result.return_code:
        fail("unpack {}: {}".format(tarball, result.stderr))
    rctx.file("BUILD.bazel", """\
filegroup(
    name = "sources",
    srcs = glob(["**"], exclude = ["BUILD.bazel", "REPO.bazel", "WORKSPACE", "arch/*/boot/dts/**", "scripts/dtc/include-prefixes/**"]),
    visibility = ["//visibility:public"],
)
""")

kernel_source_repository = repository_rule(
    doc = "A kernel's source as files, as much of it as an archive for x86 can be made of: what Android's //common:kernel_x86_64_sources has.",
    implementation = _kernel_source_repository_impl,
    attrs = {"tarball": attr.label(mandatory = True)},
)
