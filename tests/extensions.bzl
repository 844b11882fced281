"Module extension `tests`: programs of foreign architectures for the guests."

def _busybox_impl(rctx):
    variable = "KHEADERS_BUSYBOX_" + rctx.attr.arch.upper()
    file = rctx.getenv(variable)
    if not file:
        fail("no busybox for {arch} guests: give a static one by --repo_env={variable}=FILE (Debian's package busybox-static:{arch} has one)".format(
            arch = rctx.attr.arch,
            variable = variable,
        ))
    rctx.symlink(file, "busybox")
    rctx.file("BUILD.bazel", 'exports_files(["busybox"])\n')

_busybox = repository_rule(
    doc = "A static busybox of this machine for guests of another architecture.",
    implementation = _busybox_impl,
    attrs = {"arch": attr.string(mandatory = True)},
)

tests = module_extension(
    doc = "Programs of foreign architectures for the guests.",
    implementation = lambda _: _busybox(name = "busybox_arm64", arch = "arm64"),
)
