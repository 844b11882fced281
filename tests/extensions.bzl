"Module extension `tests`: what only the tests need."

load("//tests/adapters/kleaf:kernel_source_repository.bzl", "kernel_source_repository")
load(":bpf_tools_repository.bzl", "bpf_tools_repository")
load(":vpoll_repository.bzl", "vpoll_repository")

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

def _tests_impl(_mctx):
    _busybox(name = "busybox_arm64", arch = "arm64")
    bpf_tools_repository(name = "bpf_tools")
    kernel_source_repository(name = "linux_6_1_files", tarball = Label("@linux_6_1//:linux.tar.xz"))
    vpoll_repository(name = "vpoll")

tests = module_extension(
    doc = "Programs for the guests, tools for eBPF, and a module that nobody here wrote.",
    implementation = _tests_impl,
)
