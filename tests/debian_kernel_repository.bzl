"Repository rule debian_kernel_repository"

_VARIABLE = "KHEADERS_DEBIAN_KERNEL_6_1"

def _debian_kernel_repository_impl(rctx):
    root = rctx.getenv(_VARIABLE)
    if not root:
        fail("no Debian kernel: give a directory with the unpacked packages linux-headers-amd64, linux-image-amd64 and what they depend on by --repo_env={}=DIR".format(_VARIABLE))
    releases = [f.basename.removeprefix("config-") for f in rctx.path(root + "/boot").readdir() if f.basename.startswith("config-")]
    if len(releases) != 1:
        fail("{}/boot has configurations of {}; expected those of one release".format(root, releases or "no release"))
    rctx.symlink(root + "/boot", "boot")

    # One file, where some fifteen thousand would make every build's analysis slow.
    made = rctx.execute(["tar", "--create", "--file=headers.tar", "--sort=name", "--directory=" + root, "usr"])
    if made.return_code:
        fail("make a tar of {}/usr: {}".format(root, made.stderr))
    rctx.symlink("{}/usr/src/linux-headers-{}/Module.symvers".format(root, releases[0]), "Module.symvers")
    rctx.file("BUILD.bazel", """\
load("@@{rules}//rules:defs.bzl", "prebuilt_kernel")

package(default_visibility = ["//visibility:public"])

prebuilt_kernel(
    name = "kernel",
    arch = "x86_64",
    config = "boot/config-{release}",
    header_roots = [
        "usr/src/linux-headers-{release}",
        "usr/src/linux-headers-{common}-common",
    ],
    headers = ["headers.tar"],
    module_symvers = "Module.symvers",
    system_map = "boot/System.map-{release}",
)

alias(
    name = "vmlinuz",
    actual = "boot/vmlinuz-{release}",
)
""".format(
        common = releases[0].removesuffix("-amd64"),
        release = releases[0],
        rules = Label("//rules").repo_name,
    ))

debian_kernel_repository = repository_rule(
    doc = """Debian's own kernel of this machine's packages, as they unpack.

The environment's `KHEADERS_DEBIAN_KERNEL_6_1` (by `--repo_env`) names the directory.
""",
    implementation = _debian_kernel_repository_impl,
)
