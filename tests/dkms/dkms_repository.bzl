"Repository rule dkms_repository"

_VARIABLE = "KHEADERS_DKMS_ROOT"

def _dkms_repository_impl(rctx):
    root = rctx.getenv(_VARIABLE)
    if not root or not rctx.path(root).exists:
        fail("no directory of Debian's dkms packages: --repo_env={} is {}; expected an existing path; run tools/debian/setup {}, or set it".format(
            _VARIABLE,
            root or "not set",
            _VARIABLE,
        ))

    # One file of some twenty thousand: the program finds the others from it.
    rctx.symlink(root + "/usr/sbin/dkms", "dkms")
    rctx.file("BUILD.bazel", """\
exports_files(
    ["dkms"],
    visibility = ["//visibility:public"],
)
""")

dkms_repository = repository_rule(
    doc = """Debian's dkms, its packages of modules, and a compiler, in a root of their own: the file usr/sbin/dkms in it.

The environment's `KHEADERS_DKMS_ROOT` (by `--repo_env`) names the root on this machine.
""",
    implementation = _dkms_repository_impl,
)
