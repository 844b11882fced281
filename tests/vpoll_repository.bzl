"Repository rule vpoll_repository"

# VirtualSquare's vpoll, release 0.1, as Debian's package vpoll-dkms has it.
_URL = "https://raw.githubusercontent.com/rd235/libvpoll-eventfd/3a52cf8f2907d770217de8e7bea51abc90cf10ec/linux_module/"
_SHA256 = {
    "Makefile": "bfaf8ed9b315c66cb255e69490f52dae8ce5788506f2a76a262d11c0e7c5aff7",
    "vpoll.c": "72aff68f4cf7952fcba0fd5260152b2d5ccfbd837d00772bc1497a194f7d6527",
}

def _vpoll_repository_impl(rctx):
    local = rctx.getenv("KHEADERS_VPOLL")
    for name, sha256 in _SHA256.items():
        url = "file://{}/{}".format(local, name) if local else _URL + name
        rctx.download(url = url, output = name, sha256 = sha256)
    rctx.file("BUILD.bazel", """\
filegroup(
    name = "vpoll",
    srcs = {},
    visibility = ["//visibility:public"],
)
""".format(_SHA256.keys()))

vpoll_repository = repository_rule(
    doc = """A module that others wrote, its sources unchanged.

The environment's `KHEADERS_VPOLL` (by `--repo_env`), where it is set, names a directory on this machine that has them.
""",
    implementation = _vpoll_repository_impl,
)
