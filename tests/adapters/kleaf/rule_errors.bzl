"What kleaf_kernel says of targets that are not what it expects."

load("//rules:defs.bzl", "kheaders_module", "kleaf_kernel")
load("//tests/analysis:fails_test.bzl", "fails_test")

_CASES = [
    ("no_vmlinux", "//tests/adapters/kleaf:vendor has no vmlinux among its outs; add \"vmlinux\" to outs of the kernel_build, or set base_kernel", {
        "kernel_build": ":vendor",
    }),
    ("no_kernel_build", "//examples/demo:stamped has 0 files in the output group Module.symvers, expected one; give a kernel_build of Kleaf", {
        "kernel_build": "//examples/demo:stamped",
    }),
    ("no_modules_prepare", "has kernel-headers.tar.gz, expected one modules_prepare_outdir.tar.gz; give NAME_modules_prepare of the kernel_build NAME", {
        "modules_prepare": ":android16_headers",
    }),
]

def rule_errors(name):
    """Tests of what kleaf_kernel refuses.

    Args:
        name: the suite.
    """
    for case, message, attrs in _CASES:
        kleaf_kernel(
            name = case,
            srcs = ["BUILD.bazel"],
            arch = "x86_64",
            tags = ["manual"],
            **({"kernel_build": ":android16", "modules_prepare": ":android16_modules_prepare"} | attrs)
        )
        fails_test(name = case + "_test", message = message, target_under_test = ":" + case)
    kheaders_module(name = "no_kheaders_ko", archive = ":android13_archive", kernel = ":android13_kernel", tags = ["manual"])
    fails_test(
        name = "no_kheaders_ko_test",
        message = "android13_kernel brings out no kernel/kheaders.ko, only nothing; with CONFIG_IKHEADERS=m, add it to module_outs",
        target_under_test = ":no_kheaders_ko",
    )
    kheaders_module(name = "no_ko", archive = ":android13_archive", tags = ["manual"])
    fails_test(name = "no_ko_test", message = "has neither of kernel and ko, expected one", target_under_test = ":no_ko")
    native.test_suite(name = name, tests = [case + "_test" for case in [case for case, _, _ in _CASES] + ["no_kheaders_ko", "no_ko"]])
