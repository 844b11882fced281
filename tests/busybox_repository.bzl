"Repository rule busybox_repository"

def _busybox_repository_impl(rctx):
    variable = "KHEADERS_BUSYBOX_" + rctx.attr.arch.upper()
    file = rctx.getenv(variable)
    if not file:
        fail("no busybox for {arch} guests: give a static one by --repo_env={variable}=FILE (Debian's package busybox-static:{arch} has one)".format(
            arch = rctx.attr.arch,
            variable = variable,
        ))
    rctx.symlink(file, "busybox")
    rctx.file("BUILD.bazel", 'exports_files(["busybox"])\n')

busybox_repository = repository_rule(
    doc = "A static busybox of this machine for guests of another architecture.",
    implementation = _busybox_repository_impl,
    attrs = {"arch": attr.string(mandatory = True)},
)
