"Repository rule debian_root_repository"

def _debian_root_repository_impl(rctx):
    variable, file = rctx.attr.variable, rctx.attr.file
    root = rctx.getenv(variable)
    if not root or not rctx.path(root).exists:
        fail("no root of Debian's packages: --repo_env={} is {}; expected an existing path; run tools/debian/setup {}, or set it".format(
            variable,
            root or "not set",
            variable,
        ))

    # One file of some twenty thousand: the program finds the others from it.
    rctx.symlink(root + "/" + file, "root")
    rctx.file("BUILD.bazel", """\
exports_files(
    ["root"],
    visibility = ["//visibility:public"],
)
""")

debian_root_repository = repository_rule(
    doc = """A directory of Debian's packages, as they are installed: `root` is a file in it, for its path.

The environment names the directory on this machine (by `--repo_env`).
""",
    implementation = _debian_root_repository_impl,
    attrs = {
        "file": attr.string(doc = "The path of a file in the directory.", mandatory = True),
        "variable": attr.string(doc = "The environment's name for the directory.", mandatory = True),
    },
)
