"Repository rule bootimg_tools_repository"

def _bootimg_tools_repository_impl(rctx):
    for name in ["mkbootimg", "unpack_bootimg"]:
        program = rctx.which(name)
        if not program:
            fail("no {} on the PATH: apt-get install -y mkbootimg".format(name))
        rctx.symlink(program, name)
    rctx.file("BUILD.bazel", 'exports_files(["mkbootimg", "unpack_bootimg"])\n')

bootimg_tools_repository = repository_rule(
    doc = "This machine's mkbootimg and unpack_bootimg, AOSP's.",
    implementation = _bootimg_tools_repository_impl,
    local = True,
)
